import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { folder, hashes, makeDataset, toySynth, writeToyCase } from "../../../test/helpers/toy-dataset.ts";
import { toyHead } from "../../../test/helpers/toy-head.ts";
import { silentContext } from "../../core/context.ts";
import { readDataset, writeDataset } from "../../data/dataset.ts";
import { runSynth } from "../stage.ts";
import { runReplay } from "./stage.ts";

let data = "";
let made = "";
const sidecar = () => join(made, "images/a_syn-0_acq-axial_T2w.json");

beforeAll(async () => {
  [data, made] = [await folder(), await folder()];
  await makeDataset(data, [await writeToyCase(data, "a", toyHead({ zoned: true }))]);
  const options = { ...toySynth, planes: ["axial" as const], healthyShare: 0, copies: 1, writeTissue: true };
  await runSynth({ data, out: made, options, seed: 3 }, silentContext(1));
});

test("a sidecar alone gives the image, every mask and itself again, to the byte", async () => {
  const out = await folder();
  const { headline } = await runReplay({ sidecars: [sidecar()], data, out }, silentContext());
  expect(headline).toBe("1 stack made again, to the byte");
  const [again, before] = [await hashes(out), await hashes(made)];
  expect(Object.keys(again).length).toBe(5); // image, lesion, brain, tissue, sidecar
  for (const [name, hash] of Object.entries(again)) expect(hash).toBe(before[name]);
});

describe("a replay that cannot be is one line, and writes nothing", () => {
  const fault = async (sidecars: readonly string[], from = data, out?: string) => {
    const to = out ?? (await folder());
    const message = await runReplay({ sidecars, data: from, out: to }, silentContext()).then(() => "replayed", (e: Error) => e.message); // biome-ignore format: one line
    if (out === undefined) expect(await hashes(to)).toEqual({});
    return message;
  };
  const edited = async (edit: (json: string) => string) => {
    const file = join(await folder(), "edited.json");
    await writeFile(file, edit(await readFile(sidecar(), "utf8")));
    return file;
  };

  test("a source with another content, or none", async () => {
    const other = await folder();
    const head = toyHead();
    await makeDataset(other, [await writeToyCase(other, "a", head)]);
    expect(await fault([sidecar()], other)).toMatch(
      /dataset\.json: the image of a_T2w must have the content that .*_T2w\.json was made from, SHA-256 \w{64}; got \w{64}\./,
    );
    const changed = await folder();
    for (const file of ["a.nii.gz", "a_labels.nii.gz", "dataset.json", "splits.json"])
      await copyFile(join(data, file), join(changed, file));
    await copyFile(join(data, "a_labels.nii.gz"), join(changed, "a.nii.gz"));
    expect(await fault([sidecar()], changed)).toMatch(
      /a\.nii\.gz: must be the file that the dataset was made with; got another content/,
    );
    await rm(join(changed, "a_labels.nii.gz"));
    const dataset = await readDataset(data);
    await writeDataset(changed, { ...dataset, cases: [{ ...dataset.cases[0]!, id: "z_T2w" }] });
    expect(await fault([sidecar()], changed)).toMatch(/dataset\.json: a_T2w is needed, with labels, to replay .*; got none\./);
  });

  test("a sidecar that is none, is not there, or says other voxels than its values paint", async () => {
    expect(await fault([join(made, "dataset.json")])).toMatch(/dataset\.json: schemaVersion|dataset\.json: hemosynth/);
    expect(await fault([join(made, "none.json")])).toMatch(/none\.json: could not read: no such file/);
    const darker = await edited((json) => json.replace(/"edgeMm":[\d.]+/, '"edgeMm":0.5'));
    expect(await fault([darker])).toMatch(
      /edited\.json: a replay must give the voxels that were written; got another image\. It was made by this version, .*: take the sidecar as it was written\.$/,
    );
    const older = await edited((json) =>
      json.replace(/"edgeMm":[\d.]+/, '"edgeMm":0.5').replace(/"hemosynth": "[^"]*"/, '"hemosynth": "0.0.1"'),
    );
    expect(await fault([older])).toMatch(/It was made by hemosynth 0\.0\.1; this is .*: use that version\.$/);
    const outside = await edited((json) => json.replace('"id": "a_syn-0_acq-axial_T2w"', '"id": "../../elsewhere"'));
    expect(await fault([outside])).toMatch(/edited\.json: id: /);
    const typo = await edited((json) => json.replace('"csf":', '"cfs":'));
    expect(await fault([typo])).toMatch(/edited\.json: csf: /);
  });

  test("a stack that is there, and an output inside the input", async () => {
    expect(await fault([sidecar()], data, made)).toMatch(
      /_T2w\.json: a replay replaces nothing; got a stack that is there\. Choose another --out, or pass --exist-ok\.$/,
    );
    expect(await fault([sidecar()], data, join(data, "again"))).toContain("must be apart from what is read");
  });
});
