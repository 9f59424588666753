// Readies a clone: npm packages, the native TensorFlow backend and the build, each only where it is not there yet.
//
//   node scripts/setup.mjs
//
// Plain Node and no packages, since it runs before there are any. Ends with 0 when hemosynth can run, if only on WebAssembly.
// Here is only what any Node can read: an old one has to be told that it is.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > 20 || (major === 20 && minor >= 19)) await import("./setup/ready.mjs");
else {
  console.error(`set-up: Node ${process.versions.node} is too old; install Node 20.19 or later, 22 or 24`);
  process.exitCode = 1;
}
