import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { readyBackend } from "../src/backend/ready.ts";
import { silentContext, silentReporter } from "../src/core/context.ts";
import { runModelExport } from "../src/export/stage.ts";
import { modelOptions } from "../src/models/index.ts";
import { chromium, chromiumFlags } from "./helpers/chromium.ts";
import { writeModelFolder } from "./helpers/model-folder.ts";

if (chromium === undefined) console.log("skipped: exported models in Chromium, which is neither at CHROMIUM_PATH nor in PATH");

const bundle = join(import.meta.dirname, "../node_modules/@tensorflow/tfjs/dist/tf.min.js");

/** Serves an exported folder, and TensorFlow.js beside it. What the page found is its title, which it sends back when it is done. */
async function titleIn(browser: string, folder: string): Promise<string> {
  let tell = (_: string) => {};
  const title = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const report = `<script>setInterval(() => document.title !== "running" && fetch("/title?" + encodeURIComponent(document.title)), 200);
    addEventListener("unhandledrejection", (e) => { document.title = "failed: " + e.reason; });</script>`;
  const server = createServer(async ({ url = "/" }, response) => {
    if (url.startsWith("/title?")) tell(decodeURIComponent(url.slice(7)));
    const name = basename(url);
    const file = name === "tf.min.js" ? bundle : join(folder, name);
    const content = await readFile(file).catch(() => null);
    if (content === null) return response.writeHead(404).end();
    if (!name.endsWith(".html")) return response.end(content);
    return response.setHeader("content-type", "text/html").end(`${content}${report}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const profile = await mkdtemp(join(tmpdir(), "hemosynth-chromium-"));
  const page = `http://127.0.0.1:${(server.address() as AddressInfo).port}/example.html`;
  const running = promisify(execFile)(browser, [
    ...chromiumFlags,
    `--user-data-dir=${profile}`,
    "--remote-debugging-port=0",
    page,
  ]);
  running.catch(() => {}); // it is ended below
  try {
    return await Promise.race([title, running.then(() => "the browser ended by itself")]);
  } finally {
    running.child.kill();
    await running.catch(() => {});
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

test.skipIf(chromium === undefined).each(["unet", "nnunet", "resnet18"])(
  "an exported %s gives the same in Chromium",
  { timeout: 300_000 },
  async (kind) => {
    await readyBackend("cpu", silentReporter);
    const folder = await mkdtemp(join(tmpdir(), "hemosynth-export-"));
    const isClassifier = kind.startsWith("resnet");
    const options = modelOptions.parse(isClassifier ? { kind, width: 4 } : { kind, channels: [3, 5, 7] });
    await writeModelFolder(
      join(folder, "model"),
      options,
      isClassifier ? ["bleed"] : ["lesion", "brain"],
      isClassifier ? 96 : undefined,
    );
    const out = join(folder, "out");
    await runModelExport({ model: join(folder, "model"), out, format: "tfjs", thresholds: null }, silentContext());
    const title = await titleIn(chromium!, out);
    await rm(folder, { recursive: true });
    expect(title).toMatch(/largest difference/);
    expect(Number(title.split(" ").at(-1))).toBeLessThan(1e-4);
  },
);
