import { relu, stopGradient } from "../../backend/ops.ts";
import { type Tensor, type Tensor1D, type Tensor2D, tf } from "../../backend/tf.ts";

/** Keeps fractions finite; torchvision's. */
const epsilon = 1e-7;

/**
 * Complete IoU loss of each pair of boxes: 1 - IoU, plus the squared distance of the centres over that of the farthest corners, plus a term for
 * unlike aspect ratios. In [0, 3), 0 where they are one. Where edges coincide the gradient goes to the predicted box, while PyTorch halves it.
 *
 * @param predicted - N x 4: left, top, right, bottom in any unit, right > left and bottom > top.
 * @param target - The same.
 *
 * Source: Zheng et al. 2020, arXiv:1911.08287; the same as torchvision.ops.complete_box_iou_loss, which also lets no gradient through the ratios' weight.
 */
export function completeIouLoss(predicted: Tensor2D, target: Tensor2D): Tensor1D {
  return tf.tidy(() => {
    const [a, b] = [sidesOf(predicted), sidesOf(target)];
    const shared = (low: "left" | "top", high: "right" | "bottom") =>
      relu(tf.sub(tf.minimum(a[high], b[high]), tf.maximum(a[low], b[low])));
    const reach = (low: "left" | "top", high: "right" | "bottom") =>
      tf.sub(tf.maximum(a[high], b[high]), tf.minimum(a[low], b[low]));
    const between = (low: "left" | "top", high: "right" | "bottom") =>
      tf.mul(tf.sub(tf.add(a[low], a[high]), tf.add(b[low], b[high])), 0.5);
    const both = tf.mul(shared("left", "right"), shared("top", "bottom"));
    const either = tf.sub(tf.add(area(a), area(b)), both);
    const iou = tf.div(both, tf.add(either, epsilon));
    const diagonal = tf.add(tf.add(tf.square(reach("left", "right")), tf.square(reach("top", "bottom"))), epsilon);
    const distance = tf.add(tf.square(between("left", "right")), tf.square(between("top", "bottom")));
    const unlike = tf.mul(tf.square(tf.sub(slope(b), slope(a))), 4 / Math.PI ** 2);
    const weight = stopGradient(tf.div(unlike, tf.add(tf.sub(1, iou), tf.add(unlike, epsilon))));
    const loss = tf.add(tf.sub(1, iou), tf.add(tf.div(distance, diagonal), tf.mul(weight, unlike)));
    return tf.reshape(loss, [predicted.shape[0]]) as Tensor1D;
  });
}

type Sides = Readonly<Record<"left" | "top" | "right" | "bottom", Tensor>>;

function sidesOf(boxes: Tensor2D): Sides {
  const [left, top, right, bottom] = tf.split(boxes, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
  return { left, top, right, bottom };
}

function area({ left, top, right, bottom }: Sides): Tensor {
  return tf.mul(tf.sub(right, left), tf.sub(bottom, top));
}

/** Angle of a diagonal: that of width over height. */
function slope({ left, top, right, bottom }: Sides): Tensor {
  return tf.atan(tf.div(tf.sub(right, left), tf.sub(bottom, top)));
}
