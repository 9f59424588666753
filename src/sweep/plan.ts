import { z } from "zod";
import { type Experiment, examineExperiment, experiment as experimentSchema, splitSweep } from "../config/experiment.ts";
import { checkTree, configFault, type Override, readConfig } from "../config/load.ts";
import { nearestName } from "../config/suggest.ts";
import { isMistake, type Mistake, type Place, plain, type Section, setAt, type Tree } from "../config/tree.ts";
import { canonicalJson } from "../core/hash.ts";
import { type Axis, axesOf, type Choice } from "./axes.ts";
import { type Factor, factorsOf, isSeed, namesOf, type Values } from "./names.ts";
import { mostPoints, sweepOptions } from "./options.ts";
import type { SlurmOptions } from "./slurm.ts";

/** One run of a sweep. */
export interface Point {
  /** Tells it apart, and is the name of its folder: what varies and its values. */
  readonly name: string;
  /** The same without seeds: runs of one setting differ in chance alone. */
  readonly setting: string;
  /** The values of its seeds, such as `1`; empty where no seed varies. */
  readonly seed: string;
  /** What it sets, by dotted option; options that no point varies are left out. */
  readonly values: Values;
  readonly experiment: Experiment;
  /** The experiment whose stacks it is tested on; null: its own. */
  readonly tested: Experiment | null;
}

/** A sweep, checked. */
export interface SweepPlan {
  /** Of the config. */
  readonly name: string;
  readonly points: readonly Point[];
  readonly factors: readonly Factor[];
  /** Names of settings, or null. */
  readonly baseline: string | null;
  readonly testOn: string | null;
  /** Points that were the same experiment as one before, and were left out. */
  readonly folded: number;
  /** Memory of one run, GB; null: not said. */
  readonly memoryGb: number | null;
  readonly slurm: SlurmOptions;
}

/** Points with a mistake that are told; the others most likely have the same. */
const mostFaulty = 20;

/**
 * Reads a config with a `sweep` section and checks every one of its points as a config of its own.
 *
 * @throws {UserError} (usage) With every mistake at once, `file:line:column`; more than {@link mostPoints} points are refused before any is made.
 */
export async function loadSweep(file: string, overrides: readonly Override[] = []): Promise<SweepPlan> {
  const { tree, mistakes } = await readConfig(file, experimentSchema, overrides);
  const { sweep, rest } = splitSweep(tree);
  if (sweep === null)
    throw configFault([...mistakes, { at: tree.at, message: "sweep is required: what varies; without it, use hemosynth run" }]);
  const named = rest.entries.get("name");
  const entries = new Map([["sweep", sweep], ...(named === undefined ? [] : [["name", named] as const])]);
  const { value } = checkTree({ kind: "section", at: tree.at, entries }, sweepSection, mistakes);
  const clashes: Mistake[] = [];
  const axes = axesOf(value.sweep, sweep.value as Section, clashes);
  const count = axes.reduce((product, { length }) => product * length, 1);
  if (count > mostPoints)
    clashes.push({ at: sweep.at, message: `sweep has ${count} points; at most ${mostPoints}: vary less, or draw some by sweep.random` }); // biome-ignore format: one line
  if (axes.length === 0)
    clashes.push({ at: sweep.at, message: "sweep must vary something: grid, zip, list, random or seeds; got none of them" });
  if (clashes.length > 0) throw configFault(clashes);
  const plan = planPoints(rest, axes, value);
  for (const key of ["baseline", "testOn"] as const)
    assertSetting(key, plan, (sweep.value as Section).entries.get(key)?.value.at ?? sweep.at);
  return plan.testOn === null ? plan : withTested(plan, (sweep.value as Section).entries.get("testOn")!.value.at);
}

/** The section by itself, under its name, so that messages name it; and what the config calls itself, since points may have names of their own. */
const sweepSection = z.strictObject({ name: experimentSchema.shape.name, sweep: sweepOptions });

function planPoints(base: Section, axes: readonly Axis[], { name, sweep }: z.output<typeof sweepSection>): SweepPlan {
  const { baseline, testOn, memoryGb, slurm } = sweep;
  const choices = combinations(axes);
  const values = choices.map(valuesOf);
  const factors = factorsOf(values);
  const isFactor = new Set(factors.map(({ path }) => path));
  const names = namesOf(values, factors, () => true);
  const settings = namesOf(values, factors, (path) => !isSeed(path));
  const experiments = examineAll(base, choices, names);
  const seen = new Set<string>();
  const points = experiments.flatMap((experiment, i): Point[] => {
    const key = canonicalJson(experiment);
    if (seen.has(key)) return [];
    seen.add(key);
    const own = Object.fromEntries(Object.entries(values[i]!).filter(([path]) => isFactor.has(path)));
    const seed = factors.filter(({ path }) => isSeed(path)).map(({ path }) => canonicalJson(own[path] ?? null));
    return [{ name: names[i]!, setting: settings[i]!, seed: seed.join(), values: own, experiment, tested: null }];
  });
  const folded = experiments.length - points.length;
  return { name, points, factors, baseline, testOn, folded, memoryGb, slurm };
}

/** Every way to take one choice of each axis, the last axis first to change. */
function combinations(axes: readonly Axis[]): Choice[] {
  return axes.reduce<Choice[]>(
    (before, axis) => before.flatMap((sets) => axis.map((choice) => new Map([...sets, ...choice]))),
    [new Map()],
  );
}

const valuesOf = (choice: Choice): Values =>
  Object.fromEntries([...choice].map(([path, tree]) => [path, JSON.parse(JSON.stringify(plain(tree))) as unknown]));

/** The experiment of each point. @throws {UserError} (usage) With the mistakes of all; those that some points alone have name the first. */
function examineAll(base: Section, choices: readonly Choice[], names: readonly string[]): Experiment[] {
  const found = new Map<string, { readonly mistake: Mistake; readonly name: string; points: number }>();
  const experiments: Experiment[] = [];
  let examined = 0;
  let faulty = 0;
  for (const [i, choice] of choices.entries()) {
    const mistakes: Mistake[] = [];
    const experiment = examineExperiment(applyChoice(base, choice, mistakes), mistakes);
    if (experiment !== null && mistakes.length === 0) experiments.push(experiment);
    else if (++faulty > mostFaulty) break;
    examined++;
    for (const mistake of mistakes) {
      const key = `${mistake.message.startsWith("unknown key") ? "" : mistake.at.where} ${mistake.message}`; // each value of a list has a place
      const before = found.get(key);
      if (before === undefined) found.set(key, { mistake, name: names[i]!, points: 1 });
      else before.points++;
    }
  }
  if (found.size === 0) return experiments;
  throw configFault(
    [...found.values()].map(({ mistake: { at, message }, name, points }) => {
      return { at, message: points === examined ? message : `${message} (in ${name})` };
    }),
  );
}

function applyChoice(base: Section, choice: Choice, mistakes: Mistake[]): Section {
  let tree: Tree = base;
  for (const [path, value] of choice) {
    const next = setAt(tree, path.split("."), value);
    if (isMistake(next)) mistakes.push(next);
    else tree = next;
  }
  return tree as Section;
}

/** @throws {UserError} (usage) If the sweep has no setting of that name. */
function assertSetting(key: "baseline" | "testOn", plan: SweepPlan, at: Place): void {
  const settings = [...new Set(plan.points.map(({ setting }) => setting))];
  const name = plan[key];
  if (name === null || settings.includes(name)) return;
  const near = nearestName(name, settings);
  const some = `settings: ${settings.slice(0, 6).join(", ")}${settings.length > 6 ? ", ..." : ""}`;
  const wayOut = near === null ? some : `did you mean ${JSON.stringify(near)}?`;
  throw configFault([{ at, message: `sweep.${key} must be a setting of the sweep; got ${JSON.stringify(name)}; ${wayOut}` }]);
}

/**
 * The plan with the experiment that each point is tested on.
 * @throws {UserError} (usage) If subjects could be trained on in the one and tested in the other.
 */
function withTested(plan: SweepPlan, at: Place): SweepPlan {
  const refuse = (message: string) => configFault([{ at, message: `sweep.testOn ${message}` }]);
  const subjectsOf = ({ data, split, priors, seed }: Experiment) => canonicalJson({ data, split, priors, seed });
  const points = plan.points.map((point) => {
    const { experiment } = point;
    if (experiment.split.folds !== null) throw refuse("goes with one split; got a config with split.folds");
    const twin = twinOf(plan.points, plan.testOn!, point.seed);
    if (twin === undefined) throw refuse(`must name a setting with the seeds of the others; got none with that of ${point.name}`);
    if (subjectsOf(twin.experiment) !== subjectsOf(experiment))
      throw refuse(`must name a setting with the same subjects in the same splits; got others than in ${point.name}`);
    return { ...point, tested: twin.experiment };
  });
  return { ...plan, points };
}

/** The run of a setting with a seed. */
export function twinOf<P extends Pick<Point, "setting" | "seed">>(
  points: readonly P[],
  setting: string,
  seed: string,
): P | undefined {
  return points.find((point) => point.setting === setting && point.seed === seed);
}
