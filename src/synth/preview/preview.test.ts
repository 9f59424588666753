import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { folder, makeDataset, toySynth, writeToyCase } from "../../../test/helpers/toy-dataset.ts";
import { toyHead } from "../../../test/helpers/toy-head.ts";
import { silentContext } from "../../core/context.ts";
import { seededRng } from "../../core/rng.ts";
import { readDataset } from "../../data/dataset.ts";
import { synthOptions } from "../options.ts";
import { readSidecar, type Sidecar } from "../sidecar.ts";
import { runSynth } from "../stage.ts";
import { distribution } from "./distribution.ts";
import { runPreview } from "./stage.ts";
import { outlinePath } from "./tile.ts";

const hostile = `<script>alert("x")</script>`;
const options = { ...toySynth, planes: ["axial" as const, "coronal" as const], healthyShare: 0.5 };
let data = "";
let out = "";

beforeAll(async () => {
  [data, out] = [await folder(), await folder()];
  const cases = [await writeToyCase(data, "a", toyHead({ zoned: true })), await writeToyCase(data, "b", toyHead())];
  await makeDataset(data, cases, { name: hostile });
  await runPreview({ data, out, options, seed: 3, count: 3 }, silentContext(2));
});

test("it shows what synthesis would write, to the byte, and writes no dataset", async () => {
  expect((await readdir(out)).sort()).toEqual(["preview.html", "preview.json", "preview.png"]);
  const { scenes } = JSON.parse(await readFile(join(out, "preview.json"), "utf8")) as { scenes: Sidecar[] };
  expect(scenes.map(({ id }) => id).sort()).toEqual([
    "a_syn-0_acq-axial_T2w",
    "a_syn-1_acq-axial_T2w",
    "b_syn-0_acq-coronal_T2w",
  ]);
  const made = await folder();
  await runSynth({ data, out: made, options, seed: 3 }, silentContext(2));
  for (const scene of scenes) {
    const { sidecar } = (await readDataset(made)).cases.find((c) => c.id === scene.id)!;
    expect(scene).toEqual(JSON.parse(JSON.stringify(await readSidecar(join(made, sidecar!.path)))));
  }
});

test("the page loads nothing, runs nothing, escapes names, and is the same bytes again", async () => {
  const page = await readFile(join(out, "preview.html"), "utf8");
  expect(page).toContain(`default-src 'none'; img-src data:; style-src 'unsafe-inline'`);
  expect(page).not.toMatch(/<script|https?:|@import|\son\w+=/);
  expect(page).toContain("&lt;script&gt;alert(&quot;x&quot;)");
  expect([...page.matchAll(/<figure>/g)].length).toBe(3);
  const again = await folder();
  await runPreview({ data, out: again, options, seed: 3, count: 3 }, silentContext(1));
  for (const name of await readdir(out)) expect(await readFile(join(again, name))).toEqual(await readFile(join(out, name)));
});

test("an outline runs along every side between blood and what is none, and nowhere else", () => {
  const rng = seededRng(2);
  const [width, height] = [7, 5];
  const data = Uint8Array.from({ length: width * height }, () => (rng.uniform() < 0.4 ? 1 : 0));
  const at = (x: number, y: number) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : data[x + width * y]!);
  const sides = [...outlinePath({ data, width, height }, { x: -2, y: 1, side: 9 }).matchAll(/M(-?\d+) (-?\d+)(h|v)1/g)].map(
    ([, x, y, way]) => `${Number(x) - 2} ${Number(y) + 1} ${way}`,
  );
  const expected: string[] = [];
  for (let y = 0; y <= height; y++) {
    for (let x = 0; x <= width; x++) {
      if (at(x, y) !== at(x, y - 1)) expected.push(`${x} ${y} h`);
      if (at(x, y) !== at(x - 1, y)) expected.push(`${x} ${y} v`);
    }
  }
  expect(sides.sort()).toEqual(expected.sort());
});

describe("the distribution", () => {
  const answer = { scenes: [], weeks: 26, room: { left: 25, right: 25 }, darkTissue: 0.5 };
  const within = (more: object, weeks = 26) =>
    new Map(distribution(seededRng(1), synthOptions.parse(more), [{ ...answer, weeks }]).map((row) => [row.what, row.within]));

  test("of plans is within its targets by default, and for other weights", () => {
    for (const more of [{}, { lesion: { grades: { kind: "us-referred" }, bilateralShare: 0.9 } }]) {
      const rows = within(more);
      for (const what of [
        "grade I",
        "grade II",
        "grade III",
        "grade IV",
        "stage dark",
        "stage rim",
        "stage bright",
        "both sides",
      ])
        expect([what, rows.get(what)]).toEqual([what, true]);
    }
  });

  test("is not judged where there is nothing to judge: late weeks, nothing painted", () => {
    expect(within({}, 34).get("grade I")).toBe(null);
    expect(within({}).get("lumen filled, grade II, %")).toBe(null);
  });

  test("gives fills of the lumen in the unit of their target, per cent", async () => {
    const { scenes } = JSON.parse(await readFile(join(out, "preview.json"), "utf8")) as { scenes: Sidecar[] };
    const bled = scenes.find((sidecar) => sidecar.draw.bleed !== null)!;
    const facts = {
      ...bled.draw.bleed!.facts,
      sides: [{ ...bled.draw.bleed!.facts.sides[0]!, grade: 3 as const, lumenFill: 0.721 }],
    };
    const sidecar = { ...bled, draw: { ...bled.draw, bleed: { ...bled.draw.bleed!, facts } } };
    const tile = { plain: new Uint8Array(), outlined: new Uint8Array(), outline: "", size: 1, slice: 0 };
    const rows = distribution(seededRng(1), options, [{ ...answer, scenes: [{ sidecar, tile }] }]);
    expect(rows.find((row) => row.what === "lumen filled, grade III, %")).toMatchObject({
      got: "72.1 · 72.1 · 72.1",
      within: true,
    });
  });

  test("names what is outside: scenes given up, dark blood that is not dark", async () => {
    const { scenes } = JSON.parse(await readFile(join(out, "preview.json"), "utf8")) as { scenes: Sidecar[] };
    const tile = { plain: new Uint8Array(), outlined: new Uint8Array(), outline: "", size: 1, slice: 0 };
    const painted = scenes.map((sidecar) => ({ sidecar, tile }));
    const rows = distribution(seededRng(1), options, [{ ...answer, darkTissue: 0.01, scenes: [...painted, null] }]);
    expect(rows.filter((row) => row.within === false).map((row) => row.what)).toEqual(
      expect.arrayContaining(["dark blood over the darker of cortex and deep grey", "scenes given up, since no bleed fitted"]),
    );
  });
});
