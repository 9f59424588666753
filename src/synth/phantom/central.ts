import { tissues } from "../../core/tissue.ts";
import { type Canvas, forEachIn, grown, type Paint, paint } from "./canvas.ts";
import { deepCisterns } from "./cisterns.ts";
import { corpusCallosum, deepGrey, hippocampus } from "./deep.ts";
import type { PhantomAnatomy } from "./draw.ts";
import { type Field, smoothMax, smoothMin, without } from "./fields.ts";
import type { Frame } from "./frame.ts";
import { interpolateHeld } from "./growth.ts";
import { type Bounds, distanceLattice, latticeField } from "./lattice.ts";
import { besideCavum, cavum, choroidPlexus, eminenceShare, lateralVentricle, thirdVentricle } from "./ventricles.ts";

/** Paints what lies between the hemispheres: callosum, cavum, ventricles, germinal matrix, deep grey matter, hippocampus. */
export function paintCentre(canvas: Canvas, anatomy: PhantomAnatomy, frame: Frame): void {
  const { contrast, gestationalAge: age } = anatomy;
  const callosum = corpusCallosum(frame);
  const septum = cavum(frame, age, anatomy.cavumWidth, anatomy.vergae);
  paint(canvas, callosum.bounds, callosum.shape, {
    tissue: tissues.corpusCallosum,
    intensity: contrast.corpusCallosum,
    edge: 1.6,
  });
  paint(canvas, septum.bounds, without(septum.space, callosum.shape, 0.5), {
    tissue: tissues.cavum,
    intensity: contrast.ventricle,
  });
  for (const side of ["right", "left"] as const) paintSide(canvas, anatomy, frame, side, callosum.shape, septum.space);
  const third = thirdVentricle(frame, age);
  paint(canvas, third.bounds, third.space, { tissue: tissues.otherVentricle, intensity: contrast.ventricle });
}

/** Lateral ventricle of one side and all that lies about it. */
function paintSide(
  canvas: Canvas,
  anatomy: PhantomAnatomy,
  frame: Frame,
  side: "right" | "left",
  callosum: Field,
  septum: Field,
): void {
  const { contrast } = anatomy;
  const size = anatomy.ventricles[side];
  const { lumen: tubes, bounds } = lateralVentricle(frame, size);
  const room = grown(bounds, 4);
  const whole = without(besideCavum(tubes, septum, anatomy.septalLeaflet), callosum, 0.5);
  const lumen = latticeField(distanceLattice(whole, room, 1));
  const put = (box: Bounds, shape: Field, what: Paint) => paint(canvas, onSide(side, box), oneSided(side, shape), what);

  darkenBeside(canvas, onSide(side, room), oneSided(side, lumen));
  const hippo = hippocampus(frame, lumen);
  put(hippo.bounds, hippo.shape, { tissue: tissues.cortex, intensity: (contrast.cortex + contrast.whiteMatter) / 2, edge: 1.5 });
  const grey = deepGrey(frame, anatomy.gestationalAge, anatomy.deepGreyVolume);
  const nucleus = (brighter: number): Paint => ({ tissue: tissues.deepGrey, intensity: contrast.deepGrey + brighter, edge: 1.8 });
  put(grey.bounds, grey.lentiform, nucleus(-0.015));
  put(grey.bounds, grey.thalamus, nucleus(0.015));
  put(grey.bounds, grey.caudate, nucleus(-0.02));
  const cisterns = deepCisterns(frame, anatomy.cisterns);
  const open = without(
    without(cisterns.space, hippo.shape, 0.5),
    (x, y, z) => Math.min(lumen(x, y, z), callosum(x, y, z)) - 0.8,
    0.5,
  );
  put(cisterns.bounds, open, { tissue: tissues.csf, intensity: contrast.csf });
  const outside: Field = (x, y, z) => smoothMin(tubes(x, y, z), callosum(x, y, z), 0.3); // not in the septum, which cuts into the tubes
  const matrix = sharedNear(germinalMatrix(frame, anatomy, lumen), (x, y, z) => -outside(x, y, z) - 0.4, 0.3, canvas.spacing);
  put(room, matrix, { tissue: tissues.germinalMatrix, intensity: contrast.germinalMatrix });
  put(bounds, lumen, { tissue: tissues.lateralVentricle, intensity: contrast.ventricle });
  put(bounds, choroidPlexus(frame, lumen, size.atrialWidth), { tissue: null, intensity: contrast.choroid, edge: 2.4 });
}

/**
 * What two shapes share, its edge rounded by `k` mm, for a `b` that takes long to ask: where `a` is more than `far` mm away, `b` is not asked. What they
 * share is no nearer than `a`, and with `far` a voxel or more nothing is painted there, so that it does not matter how much farther it is.
 */
function sharedNear(a: Field, b: Field, k: number, far: number): Field {
  return (x, y, z) => {
    const d = a(x, y, z);
    return d > far ? d : smoothMax(d, b(x, y, z), k);
  };
}

/** Ganglionic eminence, and the thin ventricular zone about the rest of the lumen while it lasts. */
function germinalMatrix(frame: Frame, { germinalMatrixWidth: width, gestationalAge: age }: PhantomAnatomy, lumen: Field): Field {
  const share = eminenceShare(frame);
  const zone = interpolateHeld([20, 26, 31], [0.6, 0.4, 0], age);
  return (x, y, z) => {
    const d = lumen(x, y, z);
    return d > width + 2 ? d : d - Math.max(zone, width * share(x, y, z)) + (width < 0.05 ? 9 : 0);
  };
}

/** The darker rim of white matter about the ventricles: fades over 5 mm. Source: medians by distance, measured on a published atlas. */
function darkenBeside(canvas: Canvas, bounds: Bounds, lumen: Field): void {
  const { x, y, z, image, tissue } = canvas;
  forEachIn(canvas, bounds, (n) => {
    if (tissue[n] !== tissues.whiteMatter) return;
    const d = lumen(x[n]!, y[n]!, z[n]!);
    if (d < 8) image[n] = image[n]! - 0.075 * Math.exp(-Math.max(d, 0) / 2.6);
  });
}

type Side = "right" | "left";

/** A shape written for the right side, put on a side; empty across the midline. */
function oneSided(side: Side, shape: Field): Field {
  const sign = side === "right" ? 1 : -1;
  return (x, y, z) => (sign * x < 0 ? 1e3 : shape(sign * x, y, z));
}

function onSide(side: Side, { low, high }: Bounds): Bounds {
  return side === "right" ? { low, high } : { low: [-high[0], low[1], low[2]], high: [-low[0], high[1], high[2]] };
}
