import { type Tensor, type Tensor1D, tf } from "./tf.ts";

/** How many keys {@link keepMask} takes. */
export const maskKeys = 5;

/** Numbers of one half of an index: 12 bits, so that their squares are whole numbers that float32 holds exactly. */
const half = 4096;

/**
 * Ones and zeros drawn independently from keys: the same keys give the same mask, bit by bit, on every backend, and inside a traced function.
 *
 * Each element's index goes through a Feistel network of {@link maskKeys} rounds over 24 bits, whose round function is the middle of a square.
 * That is our choice: TensorFlow's own stateless generators are not on wasm and cpu, and integers there do not wrap. Fit for dropout; not for secrets.
 *
 * @param keys - As many whole numbers in [0, 4096) as {@link maskKeys}, drawn independently for each mask: related keys give related masks.
 * @param keep - Share of ones, in [0, 1].
 * @throws {RangeError} If there are more than 2^24 elements.
 */
export function keepMask(shape: readonly number[], keep: number, keys: Tensor1D): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  if (size > half * half) throw new RangeError(`keepMask: at most ${half * half} elements; got ${size}`);
  return tf.tidy(() => {
    const columns = Math.min(half, Math.max(size, 1));
    const rows = Math.ceil(size / columns);
    let left: Tensor = tf.reshape(tf.range(0, rows), [rows, 1]);
    let right: Tensor = tf.reshape(tf.range(0, columns), [1, columns]);
    for (let round = 0; round < maskKeys; round++) {
      const moved = tf.add(right, tf.sub(tf.slice(keys, [round], [1]), half)); // in [-4096, 4096): the square stays within 2^24
      const sum = tf.add(tf.floor(tf.mul(tf.square(moved), 1 / 64)), left);
      left = right;
      right = tf.sub(sum, tf.mul(tf.floor(tf.mul(sum, 1 / half)), half));
    }
    const drawn = tf.add(tf.mul(right, half), left); // in [0, 2^24)
    const mask = tf.cast(tf.less(drawn, keep * half * half), "float32");
    return tf.reshape(tf.slice(tf.reshape(mask, [rows * columns]), [0], [size]), [...shape]);
  });
}
