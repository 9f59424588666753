import { between, boundedNormal, chance, pick, type Rng } from "../../../core/rng.ts";
import { cephalicIndex, type FetalMeasure, fetalNorm } from "./biometry.ts";
import type { Finding } from "./finding.ts";
import type { Skull } from "./head.ts";
import { drawSpine, type Spine } from "./spine.ts";

/** One fetus, fully decided: plain JSON, mm. */
export interface Fetus {
  /** Weeks. */
  readonly gestationalAge: number;
  readonly finding: Finding;
  readonly skull: Skull;
  /** Width of the cavum septi pellucidi; 0: none. */
  readonly cavumMm: number;
  readonly atriumMm: { readonly near: number; readonly far: number };
  /** Share of a normal atrium that choroid plexus fills. */
  readonly choroid: number;
  readonly sylvian: number;
  readonly transcerebellarMm: number;
  readonly cisternaMagnaMm: number;
  /** Share of the vermis that is there. */
  readonly vermis: number;
  /** Size of an anomaly, 0 small to 1 large. */
  readonly extent: number;
  readonly spine: Spine;
}

/**
 * Draws one fetus. Sizes are normal about the week's mean, within 1.5 SD, except what the finding changes: how far is from the definitions
 * (atrium of 10 mm and more, cisterna magna above 10 mm, cerebellum below the 5th centile); the ranges beyond are our guess.
 *
 * @throws {RangeError} If the week is outside 18 to 24.
 */
export function drawFetus(rng: Rng, gestationalAge: number, finding: Finding): Fetus {
  if (!(gestationalAge >= 18 && gestationalAge <= 24))
    throw new RangeError(`drawFetus: gestationalAge must be in [18, 24]; got ${gestationalAge}`);
  const own = (measure: FetalMeasure, label: string = measure) => {
    const { mean, sd } = fetalNorm(measure, gestationalAge);
    return mean + sd * boundedNormal(rng.fork(label), 1.5);
  };
  const change = rng.fork("finding");
  const extent = change.fork("extent").uniform();
  const skull = drawSkull(rng.fork("skull"), own("biparietal"), gestationalAge);
  const other = rng.fork("other");
  const normal = {
    cavumMm: own("cavum"),
    atriumMm: { near: own("atrium", "near atrium"), far: own("atrium") },
    choroid: between(other, [0.75, 0.95]),
    sylvian: between(other, [0.2, 0.3]),
    transcerebellarMm: own("transcerebellar"),
    cisternaMagnaMm: Math.min(9, Math.max(2.5, own("cisternaMagna"))),
    vermis: 1,
  };
  return {
    gestationalAge,
    finding,
    skull,
    ...normal,
    ...changed(change, finding, normal),
    extent,
    spine: drawSpine(rng.fork("spine"), skull.biparietal, finding === "rachischisis", extent),
  };
}

type Inside = Pick<Fetus, "cavumMm" | "atriumMm" | "choroid" | "transcerebellarMm" | "cisternaMagnaMm" | "vermis">;

/** What a finding changes inside the head. */
function changed(rng: Rng, finding: Finding, { transcerebellarMm: width }: Inside): Partial<Inside> {
  switch (finding) {
    case "ventriculomegaly": {
      const far = between(rng, [10.5, 17]);
      return { atriumMm: { far, near: Math.max(7, far + between(rng, [-4, 1])) }, choroid: between(rng, [0.35, 0.6]) };
    }
    case "absent-cavum":
      return { cavumMm: 0, atriumMm: { far: between(rng, [7, 11]), near: between(rng, [7, 11]) } };
    case "dandy-walker":
      return {
        vermis: between(rng, [0, 0.3]),
        cisternaMagnaMm: between(rng, [9, 14]),
        transcerebellarMm: between(rng, [0.8, 0.95]) * width,
      };
    case "mega-cisterna-magna":
      return { cisternaMagnaMm: between(rng, [10.5, 14]) };
    case "small-cerebellum":
      return { transcerebellarMm: between(rng, [0.6, 0.78]) * width };
    case "holoprosencephaly":
      return { cavumMm: 0 };
    case "normal":
    case "anencephaly":
    case "encephalocele":
    case "rachischisis":
      return {};
    default:
      return finding satisfies never;
  }
}

function drawSkull(rng: Rng, biparietal: number, week: number): Skull {
  const index = cephalicIndex.mean + cephalicIndex.sd * boundedNormal(rng, 1.3);
  const first = between(rng, [48, 66]) * pick(rng, [-1, 1]);
  return {
    biparietal,
    occipitofrontal: biparietal / index,
    boneMm: 1.1 + 0.06 * (week - 18),
    skinMm: between(rng, [0.6, 1.8]),
    taper: between(rng, [0.03, 0.11]),
    suturesDeg: chance(rng, 0.6) ? [first, -first] : [],
  };
}
