import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";

const names = ["chromium", "chromium-browser", "google-chrome"];
const places = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));

/** The browser: CHROMIUM_PATH, or the first of its names in PATH; undefined where there is none. */
export const chromium = [process.env.CHROMIUM_PATH ?? "", ...places].find((path) => path !== "" && existsSync(path));

/** Without a window, and without calls home. */
export const chromiumFlags = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"],
];

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A tab of a running browser. */
export interface Tab {
  /** One command of the DevTools protocol. */
  readonly send: (method: string, params?: object) => Promise<Record<string, unknown>>;
  /** The value of an expression in the page; the page's own policy does not bind it. */
  readonly evaluate: <T>(expression: string) => Promise<T>;
  /** Opens a page and waits until it is loaded. */
  readonly open: (url: string) => Promise<void>;
  /** Events so far, by their method. */
  readonly events: (method: string) => readonly Record<string, unknown>[];
  readonly close: () => Promise<void>;
}

/** Starts the browser with one empty tab, spoken to through a pipe, so that no port is opened. */
export async function openTab(browser: string): Promise<Tab> {
  const profile = await mkdtemp(join(tmpdir(), "hemosynth-chromium-"));
  const running = spawn(browser, [...chromiumFlags, `--user-data-dir=${profile}`, "--remote-debugging-pipe"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const connection = connect(running.stdio[3] as Writable, running.stdio[4] as Readable);
  const { targetId } = await connection.send("Target.createTarget", { url: "about:blank" }, null);
  const attached = await connection.send("Target.attachToTarget", { targetId, flatten: true }, null);
  const send: Tab["send"] = (method, params = {}) => connection.send(method, params, attached.sessionId as string);
  for (const domain of ["Page", "Runtime", "Network", "Log"]) await send(`${domain}.enable`);
  return {
    send,
    evaluate: async <T>(expression: string) => {
      const { result, exceptionDetails } = await send("Runtime.evaluate", {
        expression,
        returnByValue: true,
        awaitPromise: true,
      });
      if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
      return (result as { value: T }).value;
    },
    open: async (url) => {
      const loaded = connection.once("Page.loadEventFired");
      await send("Page.navigate", { url });
      await loaded;
    },
    events: connection.events,
    close: async () => {
      const ended = new Promise((resolve) => running.once("exit", resolve));
      running.kill();
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Messages are JSON with a zero byte after each. */
function connect(input: Writable, output: Readable) {
  const waiting = new Map<number, (message: Message) => void>();
  const seen: Message[] = [];
  let listeners: { readonly method: string; readonly tell: () => void }[] = [];
  const receive = (message: Message) => {
    if (message.id !== undefined) return waiting.get(message.id)?.(message);
    seen.push(message);
    for (const { tell } of listeners.filter(({ method }) => method === message.method)) tell();
    listeners = listeners.filter(({ method }) => method !== message.method);
  };
  let rest = "";
  output.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\0");
    rest = parts.pop()!;
    for (const part of parts) receive(JSON.parse(part) as Message);
  });
  let last = 0;
  return {
    send: (method: string, params: object, sessionId: string | null) =>
      new Promise<Record<string, unknown>>((resolve, reject) => {
        const id = ++last;
        waiting.set(id, ({ result, error }) =>
          error === undefined ? resolve(result!) : reject(new Error(`${method}: ${error.message}`)),
        );
        input.write(`${JSON.stringify({ id, method, params, ...(sessionId === null ? {} : { sessionId }) })}\0`);
      }),
    once: (method: string) => new Promise<void>((tell) => listeners.push({ method, tell })),
    events: (method: string) => seen.filter((one) => one.method === method).map(({ params }) => params!),
  };
}
