/**
 * The field of view of a curved probe: scan lines spread evenly over an angle about the centre of its arc, from the probe's face
 * (`radiusMm` from that centre) to `depthMm` below it. A small radius is a sector probe.
 */
export interface Fan {
  readonly radiusMm: number;
  readonly angleDeg: number;
  readonly depthMm: number;
  readonly lines: number;
  /** Samples along each line. */
  readonly samples: number;
}

/**
 * A picture's window on the plane of the scan. Millimetres are counted from the centre of the probe's arc: x to the right, y down, so that a
 * scan line at angle a runs through (r sin a, r cos a). Pixel (i, j) has its centre at (left + (i + 0.5) pixelMm, top + (j + 0.5) pixelMm).
 */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly pixelMm: number;
  readonly left: number;
  readonly top: number;
}

/** Half the opening angle, radians. */
export const halfAngle = ({ angleDeg }: Fan): number => (angleDeg * Math.PI) / 360;

/** Distance between neighbouring samples of a line, mm. */
export const sampleMm = ({ depthMm, samples }: Fan): number => depthMm / samples;

/** Angle between neighbouring lines, radians. */
export const lineStep = (fan: Fan): number => (2 * halfAngle(fan)) / (fan.lines - 1);

/** Empty border above and below a fan, as a share of the picture's height. */
const margin = 0.02;

/** The square window of `pixels` that shows the whole depth of a fan, centred; where the fan is wider than deep its sides are cut off. */
export function frameOf(fan: Fan, pixels: number): Frame {
  const top = fan.radiusMm * Math.cos(halfAngle(fan));
  const bottom = fan.radiusMm + fan.depthMm;
  const pixelMm = (bottom - top) / (pixels * (1 - 2 * margin));
  return { width: pixels, height: pixels, pixelMm, left: (-pixels * pixelMm) / 2, top: top - margin * pixels * pixelMm };
}
