/** A run of seconds: three procedural brains without surroundings, a network of two levels, three steps. */
export const tinyConfig = `name: tiny
data: {kind: phantom, subjects: 3, gestationalAge: [22, 24], spacingMm: 2}
synth: {copies: 2, planes: [axial], surround: {kind: none}, acquisition: {pixelMm: [2, 2], thicknessMm: [5, 5]}}
preprocess: {pixelMm: 3}
model: {kind: unet, channels: [2, 4]}
train: {steps: 3, batchSize: 2, cropSize: 32, validateEvery: 3, validationSlices: 4, checkpointEvery: 1}
predict: {overlays: {slices: 0}}
eval: {bootstrap: {resamples: 100}}
`;
