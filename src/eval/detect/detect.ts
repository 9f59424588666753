import { type Tensor4D, tf } from "../../backend/tf.ts";
import { rectangleArea, sharedRectangle } from "../../core/rectangle.ts";
import type { Image } from "../../core/volume.ts";
import { applyLetterbox, outOfLetterbox, planLetterbox } from "../../data/letterbox.ts";
import { type Detection, type DetectionOptions, type Detector, decodeMaps, detectionsOf } from "../../models/index.ts";

/**
 * Finds objects in a picture: laid into the network's input, black around it, and the boxes brought back and cut at the picture's border.
 *
 * @param image - In the unit that the network learnt with; repeated where it takes more than one channel.
 * @param side - Of the network's input, pixels; a multiple of 32. The margins end at the next multiple of 32.
 * @returns Best first, boxes in pixels of the picture.
 */
export async function detectObjects(
  model: Detector,
  image: Image,
  side: number,
  options: DetectionOptions,
): Promise<Detection[]> {
  const plan = planLetterbox([image.width, image.height], side, model.sizeMultiple);
  const laid = applyLetterbox(image, plan);
  const channels = model.weights.get("model.0.conv.weight")!.shape[2]!;
  const pixels = Float32Array.from({ length: laid.data.length * channels }, (_, i) => laid.data[Math.floor(i / channels)]!);
  const { boxes, scores } = tf.tidy(() => {
    const x = tf.tensor4d(pixels, [1, laid.height, laid.width, channels]) as Tensor4D;
    const decoded = decodeMaps(model.apply(x, { training: false }), model.options, model.classes);
    return { boxes: decoded.boxes, scores: decoded.scores };
  });
  const [sides, likely] = await Promise.all([boxes.data(), scores.data()]);
  tf.dispose([boxes, scores]);
  const found = detectionsOf(sides, likely, model.classes, options);
  return withinPicture(found.map((one) => ({ ...one, box: outOfLetterbox(one.box, plan) })), image); // biome-ignore format: one line
}

/** Boxes cut at the border of a picture that begins at the corner of theirs; without those that lie beyond. */
export function withinPicture(found: readonly Detection[], { width, height }: Pick<Image, "width" | "height">): Detection[] {
  const picture = { left: 0, top: 0, right: width, bottom: height };
  return found.map((one) => ({ ...one, box: sharedRectangle(one.box, picture) })).filter(({ box }) => rectangleArea(box) > 0);
}
