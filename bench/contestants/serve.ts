import { createInterface } from "node:readline";

/** What a contestant is asked to time; see bench/train.ts. */
export interface Case {
  readonly model: "unet" | "resnet34" | "resnet50" | "yolov5s";
  /** Feature maps at each level of the U-Net. */
  readonly channels?: readonly number[];
  readonly batch: number;
  /** Height and width, pixels. */
  readonly size: number;
  readonly what: "train" | "predict";
}

/** What it answers for each step. */
export interface Answer {
  readonly ms: number;
  readonly version: string;
  /** Highest memory of the process so far. */
  readonly peakMb: number;
  /** Calls of TensorFlow's addon in the step, and milliseconds of the step outside of them: what a GPU would wait for. */
  readonly calls?: number;
  readonly jsMs?: number;
}

type Step = () => Pick<Answer, "calls" | "jsMs">;

/**
 * Answers lines of standard input: the first names the case, each one after it asks for one step.
 * @param build - Makes the step, which is done, its result read, when it returns. Null: there is no such contestant.
 */
export async function serve(version: string, build: (of: Case) => Step | null): Promise<void> {
  let step: Step | null = null;
  for await (const line of createInterface({ input: process.stdin })) {
    if (step === null) {
      step = build(JSON.parse(line) as Case);
      for (let i = 0; i < 2; i++) step?.(); // functions are compiled and memory is taken
      console.log(JSON.stringify({ version, takesPart: step !== null }));
      if (step === null) return;
      continue;
    }
    const start = performance.now();
    const more = step();
    const ms = performance.now() - start;
    console.log(JSON.stringify({ ms, version, peakMb: process.resourceUsage().maxRSS / 1024, ...more } satisfies Answer));
  }
}
