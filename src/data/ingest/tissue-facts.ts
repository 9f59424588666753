import type { Volume } from "../../core/volume.ts";

/** What a label map and its image say of its ids, whatever they mean: enough to ask of any scheme whether it fits. */
export interface TissueFacts {
  /** The ids that occur, ascending. */
  readonly ids: readonly number[];
  /** For each id: how many of its voxels have each of {@link greyLevels} levels between the image's least and greatest intensity. */
  readonly histograms: readonly Uint32Array[];
  /** For each id: the faces that its voxels share with voxels of each other id, by the place of that id in `ids`. */
  readonly faces: readonly Float64Array[];
}

const greyLevels = 1024;

/**
 * @param image - Finite.
 * @param labels - On the image's grid.
 * @returns Null with more than 256 ids: no map of tissues.
 */
export function factsOf(image: Volume, labels: Volume<Uint16Array>): TissueFacts | null {
  const there = new Uint8Array(65536);
  for (let i = 0; i < labels.data.length; i++) there[labels.data[i]!] = 1;
  const ids = [...there.keys()].filter((id) => there[id] === 1);
  if (ids.length > 256) return null;
  const placeOf = new Uint8Array(65536);
  for (const [place, id] of ids.entries()) placeOf[id] = place;
  const places = new Uint8Array(labels.data.length);
  for (let i = 0; i < places.length; i++) places[i] = placeOf[labels.data[i]!]!;
  return { ids, histograms: histogramsOf(image, places, ids.length), faces: facesOf(places, image, ids.length) };
}

function histogramsOf({ data }: Volume, places: Uint8Array, count: number): Uint32Array[] {
  let [low, high] = [data[0]!, data[0]!];
  for (let i = 1; i < data.length; i++) {
    if (data[i]! < low) low = data[i]!;
    if (data[i]! > high) high = data[i]!;
  }
  const scale = high > low ? (greyLevels - 1) / (high - low) : 0;
  const histograms = Array.from({ length: count }, () => new Uint32Array(greyLevels));
  for (let i = 0; i < data.length; i++) histograms[places[i]!]![Math.round((data[i]! - low) * scale)]!++;
  return histograms;
}

function facesOf(places: Uint8Array, { shape }: Volume, count: number): Float64Array[] {
  const met = new Float64Array(count * count);
  const [nx, ny, nz] = shape;
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        const row = places[i]! * count;
        if (x > 0) met[row + places[i - 1]!]!++;
        if (y > 0) met[row + places[i - nx]!]!++;
        if (z > 0) met[row + places[i - nx * ny]!]!++;
      }
    }
  }
  const between = (a: number, b: number) => (a === b ? 0 : met[a * count + b]! + met[b * count + a]!);
  return Array.from({ length: count }, (_, a) => Float64Array.from({ length: count }, (__, b) => between(a, b)));
}

/** Voxels of some ids, by their places in `ids`. */
export function voxelsOf({ histograms }: TissueFacts, places: readonly number[]): number {
  return places.reduce((sum, place) => sum + histograms[place]!.reduce((a, b) => a + b, 0), 0);
}

/** Quantile of the intensities of some ids, 0 the image's least and 1 its greatest; NaN without voxels. */
export function quantileOf({ histograms }: TissueFacts, places: readonly number[], share: number): number {
  const total = places.reduce((sum, place) => sum + histograms[place]!.reduce((a, b) => a + b, 0), 0);
  let below = 0;
  for (let level = 0; level < greyLevels; level++) {
    for (const place of places) below += histograms[place]![level]!;
    if (below > 0 && below >= share * total) return level / (greyLevels - 1);
  }
  return NaN;
}

/** Share of the surface of some ids that lies on some others, 0-1; NaN without a surface. */
export function surfaceShare({ faces }: TissueFacts, places: readonly number[], others: readonly number[]): number {
  const own = new Set(places);
  let [all, shared] = [0, 0];
  for (const place of places) {
    for (const [other, count] of faces[place]!.entries()) {
      if (own.has(other)) continue;
      all += count;
      if (others.includes(other)) shared += count;
    }
  }
  return shared / all;
}
