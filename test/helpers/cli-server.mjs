// Performs one command of the built command line after another, as many as are sent: for tests of what it says, where a process for each is not the point.
import { pathToFileURL } from "node:url";

const [, , mainFile] = process.argv;
/** @type {{ main: (args: readonly string[]) => Promise<number> }} */
const { main } = await import(pathToFileURL(/** @type {string} */ (mainFile)).href);

/** Keeps what is written to a stream until `release`. @param {NodeJS.WriteStream} stream */
function captured(stream) {
  const write = stream.write;
  const taken = {
    text: "",
    release() {
      stream.write = write;
    },
  };
  stream.write = /** @type {typeof write} */ (
    (/** @type {string} */ text, /** @type {unknown} */ encoding, /** @type {unknown} */ done) => {
      taken.text += text;
      const then = typeof encoding === "function" ? encoding : done;
      if (typeof then === "function") then();
      return true;
    }
  );
  return taken;
}

for (const emitter of [process, process.stdout, process.stderr]) emitter.setMaxListeners(0); // a command listens to the end of its process
process.on("message", async (/** @type {{ args: readonly string[], cwd: string }} */ { args, cwd }) => {
  process.chdir(cwd);
  const [stdout, stderr] = [captured(process.stdout), captured(process.stderr)];
  const code = await main(args);
  stdout.release();
  stderr.release();
  process.send?.({ code, signal: null, stdout: stdout.text, stderr: stderr.text });
});
process.send?.("ready");
