import type { AnalysisName } from "./obuchowski-rockette.ts";
import { fTail } from "./tail.ts";

// Analysis of variance of jackknife pseudovalues by Dorfman, Berbaum and Metz, with the error term and the degrees of freedom of Hillis.
// With normalized pseudovalues its test of random readers and random cases is that of Obuchowski and Rockette with jackknife covariances.
// Sources: Dorfman, Berbaum & Metz 1992, PMID 1399456; Hillis et al. 2005, doi:10.1002/sim.2024; Hillis, Berbaum & Metz 2008,
// doi:10.1016/j.acra.2007.12.015.

/** Factors of the analysis and their interactions. */
export const dbmTerms = ["arm", "reader", "case", "armReader", "armCase", "readerCase", "armReaderCase"] as const;
export type DbmTerm = (typeof dbmTerms)[number];

/** Which factors (1 arm, 2 reader, 4 case) a term is of. */
const factors: Readonly<Record<DbmTerm, number>> = {
  arm: 1, reader: 2, case: 4, armReader: 3, armCase: 5, readerCase: 6, armReaderCase: 7,
}; // biome-ignore format: a table

/** A test of whether all arms are alike. */
export interface FTest {
  readonly f: number;
  readonly df1: number;
  readonly df2: number;
  readonly p: number;
}

/** NaN throughout with fewer than two arms, readers or cases. */
export interface DbmAnalysis {
  readonly squares: Readonly<Record<DbmTerm, { readonly square: number; readonly df: number }>>;
  /** Variances of the random terms; `armReaderCase` holds the error too. They are differences of estimates and may be negative. */
  readonly components: Readonly<Record<Exclude<DbmTerm, "arm">, number>>;
  readonly tests: Readonly<Record<AnalysisName, FTest>>;
}

/**
 * Analyses pseudovalues of a fully crossed study.
 *
 * @param pseudovalues - Of arm i and reader j at `i * readers + j`: one value a case, or a patient where patients are left out as a whole.
 */
export function analysePseudovalues(pseudovalues: readonly ArrayLike<number>[], arms: number, readers: number): DbmAnalysis {
  const sizes = [arms, readers, pseudovalues[0]!.length] as const;
  const squares = Object.fromEntries(dbmTerms.map((term) => [term, meanSquare(pseudovalues, sizes, factors[term])])) as Record<DbmTerm, { square: number; df: number }>; // biome-ignore format: one line
  const ms = (term: DbmTerm) => squares[term].square;
  const [t, r, n] = sizes;
  const last = ms("armReaderCase");
  const test = (error: number, df2: number): FTest => {
    const f = ms("arm") / error;
    return { f, df1: t - 1, df2, p: fTail(f, t - 1, df2) };
  };
  const error = ms("armReader") + Math.max(ms("armCase") - last, 0);
  return {
    squares,
    components: {
      reader: (ms("reader") - ms("armReader") - ms("readerCase") + last) / (t * n),
      case: (ms("case") - ms("armCase") - ms("readerCase") + last) / (t * r),
      armReader: (ms("armReader") - last) / n,
      armCase: (ms("armCase") - last) / r,
      readerCase: (ms("readerCase") - last) / t,
      armReaderCase: last,
    },
    tests: {
      randomReadersRandomCases: test(error, error ** 2 / (ms("armReader") ** 2 / squares.armReader.df)),
      fixedReadersRandomCases: test(ms("armCase"), squares.armCase.df),
      randomReadersFixedCases: test(ms("armReader"), squares.armReader.df),
    },
  };
}

type Sizes = readonly [number, number, number];

/** Mean square of one term: of its effects, each the sum over its sub-terms of their means with alternating signs. */
function meanSquare(values: readonly ArrayLike<number>[], sizes: Sizes, term: number): { square: number; df: number } {
  const parts = [0, 1, 2, 3, 4, 5, 6, 7].filter((part) => (part & term) === part);
  const signs = parts.map((part) => (bits(term ^ part) % 2 === 0 ? 1 : -1));
  const means = parts.map((part) => meansOver(values, sizes, part));
  let sum = 0;
  eachCell(sizes, (i, j, k) => {
    const effect = parts.reduce((total, part, m) => total + signs[m]! * means[m]![placeOf(sizes, part, i, j, k)]!, 0);
    sum += effect * effect;
  });
  const df = sizes.reduce((product, size, f) => ((term & (1 << f)) === 0 ? product : product * (size - 1)), 1);
  return { square: sum / df, df };
}

/** Means of the values over all factors that are not in `part`. */
function meansOver(values: readonly ArrayLike<number>[], sizes: Sizes, part: number): Float64Array {
  const kept = sizes.map((size, f) => ((part & (1 << f)) === 0 ? 1 : size));
  const cells = kept[0]! * kept[1]! * kept[2]!;
  const each = (sizes[0] * sizes[1] * sizes[2]) / cells;
  const out = new Float64Array(cells);
  eachCell(sizes, (i, j, k) => {
    out[placeOf(sizes, part, i, j, k)]! += values[i * sizes[1] + j]![k]! / each;
  });
  return out;
}

function placeOf([, readers, cases]: Sizes, part: number, i: number, j: number, k: number): number {
  const ofArm = (part & 1) === 0 ? 0 : i;
  const ofReader = (part & 2) === 0 ? ofArm : ofArm * readers + j;
  return (part & 4) === 0 ? ofReader : ofReader * cases + k;
}

function eachCell([arms, readers, cases]: Sizes, visit: (i: number, j: number, k: number) => void): void {
  for (let i = 0; i < arms; i++) for (let j = 0; j < readers; j++) for (let k = 0; k < cases; k++) visit(i, j, k);
}

const bits = (value: number): number => (value & 1) + ((value >> 1) & 1) + ((value >> 2) & 1);
