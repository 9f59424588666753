import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { BackendName } from "../backend/options.ts";
import type { Shard } from "../synth/stage.ts";
import { defaultGigabytes } from "./cache/options.ts";
import type { Outcome, Session } from "./session.ts";

/** Performs one command, given the session that the caller of `buildProgram` makes. */
export type Perform = (work: (session: Session) => Promise<Outcome>) => Promise<void>;

const backends = ["auto", "cuda", "tensorflow", "wasm", "cpu"] as const satisfies readonly BackendName[];

/** The options of every command that writes a folder. @param out - What it is told of `--out`. */
export function writes(command: Command, out: string): Command {
  return command
    .requiredOption("--out <folder>", out)
    .addOption(setOption())
    .addOption(seedOption())
    .addOption(workersOption())
    .option("--dry-run", "check config, backend and input files, print the plan, write nothing")
    .option("--exist-ok", "replace results of other options in --out");
}

/** What every command has: `--json`, and an example in its help. */
export function finish(command: Command, example: string): Command {
  return command
    .option("--json", "print one JSON document on standard output; words go to standard error")
    .addHelpText("after", `\nExample:\n  ${example}`);
}

/** Sets a key of the config. */
export function setOption(): Option {
  return new Option("--set <key=value>", "set an option of the config, such as train.steps=100; may be repeated").argParser(
    (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
  );
}

/** The seed of everything that is drawn. */
export function seedOption(): Option {
  return new Option("--seed <number>", "the same as --set seed=<number>");
}

/** Which backend computes. */
export function backendOption(): Option {
  return new Option("--backend <name>", "the same as --set backend=<name>").choices(backends);
}

/** The options of every command that computes by a network. */
export function computes(command: Command): Command {
  return command
    .addOption(backendOption())
    .option("--gpu <index>", "the same as --set gpu=<index>: which GPU, as nvidia-smi counts them");
}

/** Numbers from 0, ascending, each once. */
export function foldsOption(): Option {
  return new Option("--folds <numbers>", "of a cross-validation (split.folds), only these folds, such as 0,2").argParser(
    (text: string) => {
      if (!/^\d{1,4}(,\d{1,4})*$/.test(text))
        throw new InvalidArgumentError("It must be numbers from 0 with commas, such as 0,2.");
      return [...new Set(text.split(",").map(Number))].sort((a, b) => a - b);
    },
  );
}

/** A number of scenes, 1 to 200. */
export function previewOption(): Option {
  const help = "instead, show so many scenes on a page, with what is drawn beside the priors' targets; writes no dataset";
  return new Option("--preview <scenes>", help).argParser(countUpTo(200));
}

/** `2/8`: the second of eight parts. */
export function shardOption(): Option {
  const help =
    "only the i-th of n parts, such as 2/8: processes on several machines share the work; synth without it puts them together";
  return new Option("--shard <i/n>", help).argParser((text: string): Shard => {
    const [index, of] = /^\d{1,4}\/\d{1,4}$/.test(text) ? (text.split("/").map(Number) as [number, number]) : [0, 0];
    if (index >= 1 && index <= of) return { index: index - 1, of };
    throw new InvalidArgumentError("It must be i/n with i from 1 to n, such as 2/8.");
  });
}

/** Reads a whole number from 1 to `most`. */
export function countUpTo(most: number): (text: string) => number {
  return (text) => {
    if (/^\d{1,4}$/.test(text) && Number(text) > 0 && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
  };
}

/** 1 to 9999; all cores by default. */
export function workersOption(): Option {
  return new Option("--workers <number>", "worker threads; results do not depend on it")
    .default(availableParallelism(), "all cores")
    .argParser(countUpTo(9999));
}

/** Adds where results of stages are kept and taken from. */
export function caches(command: Command): Command {
  return command.addOption(cacheOption()).addOption(cacheLimitOption());
}

/** Folder of a cache; none by default. */
export function cacheOption(): Option {
  return new Option("--cache <folder>", "take from here what some run made before, and keep here what this one makes").env(
    "HEMOSYNTH_CACHE",
  );
}

/** Gigabytes, 0 to 1,000,000. */
export function cacheLimitOption(): Option {
  return new Option("--cache-limit <GB>", "size of the cache, in gigabytes; what was used longest ago is removed")
    .env("HEMOSYNTH_CACHE_GB")
    .default(defaultGigabytes)
    .argParser((text: string) => {
      const number = Number(text);
      if (text.trim() !== "" && number >= 0 && number <= 1e6) return number;
      throw new InvalidArgumentError("It must be a number of gigabytes from 0 to 1000000, such as 50.");
    });
}

/** Address of an MLflow server; none by default. */
export function mlflowOption(): Option {
  return new Option(
    "--mlflow <uri>",
    "tell an MLflow server of options, curves and figures, such as http://localhost:5000; a server that fails is no reason to fail",
  );
}
