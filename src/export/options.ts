/** What a trained model can be exported as: the closed list. */
export const modelFormats = ["tfjs", "onnx", "safetensors"] as const;
export type ModelFormat = (typeof modelFormats)[number];
