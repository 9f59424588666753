import { expect, test } from "vitest";
import { parseExperiment } from "../../config/experiment.ts";
import { type Job, jobsOf, neededFolders, withShards } from "./jobs.ts";

const experimentOf = (text: string) => parseExperiment(`data: {kind: phantom}\n${text}`, "x.yaml");
const jobs = jobsOf("out", {
  ...{ name: "a", experiment: experimentOf("priors: {kind: network}"), tested: experimentOf("priors: {kind: network}\nseed: 3") },
});

test("a job waits for the folders of the jobs that it needs, and for no other", () => {
  const roots = new Map(jobs.map(({ id, root }) => [id, root]));
  expect(jobs.map(({ what }) => what).join()).toBe("data,tissue,synth,data,tissue,synth,run");
  for (const job of jobs) {
    const needed =
      job.what === "run" ? [...new Set([...Object.values(job.shared), job.tested!])] : job.needs.map((id) => roots.get(id)!);
    expect(neededFolders(job).sort(), job.id).toEqual(needed.sort());
  }
});

test("shards stand before the synthesis that they are of, need what it needs, fill its folder, and are parts of it", () => {
  const divided = withShards(jobs, 3);
  expect(divided).toHaveLength(jobs.length + 6);
  const seen = new Set<string>();
  for (const { id, needs } of divided) {
    expect(needs.every((need) => seen.has(need))).toBe(true);
    seen.add(id);
  }
  for (const whole of jobs.filter(({ what }) => what === "synth")) {
    const shards = divided.filter(({ root, shard }) => root === whole.root && shard !== undefined);
    expect(shards.map(({ shard, needs }: Job) => [shard, needs])).toEqual(
      [0, 1, 2].map((index) => [{ index, of: 3 }, whole.needs]),
    );
    const { needs } = divided.find(({ id }) => id === whole.id)!;
    expect(needs).toEqual([...whole.needs, ...shards.map(({ id }) => id)]);
  }
  expect(withShards(jobs, 1)).toEqual(jobs);
});
