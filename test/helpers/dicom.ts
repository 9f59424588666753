/** What a made-up DICOM file says; the rest is as of a small CT slice. */
export interface MadeSlice {
  readonly series?: string;
  readonly instance?: string;
  readonly patient?: string;
  readonly modality?: string;
  readonly position?: readonly number[] | null;
  readonly orientation?: readonly number[];
  readonly spacing?: readonly number[];
  readonly thickness?: number;
  readonly slope?: number;
  readonly intercept?: number;
  readonly width?: number;
  readonly height?: number;
  /** Stored numbers, row by row; by default the column number plus ten times the row number. */
  readonly pixels?: ArrayLike<number>;
  readonly syntax?: string;
  readonly photometric?: string;
  readonly frames?: number;
}

const even = (text: string, pad: string) => (text.length % 2 === 0 ? text : text + pad);

function element(group: number, number: number, vr: string, value: Buffer): Buffer {
  const long = vr === "OW" || vr === "OB";
  const head = Buffer.alloc(long ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, "latin1");
  if (long) head.writeUInt32LE(value.length, 8);
  else head.writeUInt16LE(value.length, 6);
  return Buffer.concat([head, value]);
}

/** The bytes of a DICOM Part 10 file, explicit little endian unless `syntax` says another (its pixels stay as they are). It names a patient and a date, for tests that nothing of them gets out. */
export function madeDicom(slice: MadeSlice = {}): Buffer {
  const { width = 6, height = 5, position = [0, 0, 0], orientation = [1, 0, 0, 0, 1, 0], spacing = [1, 1] } = slice;
  const text = (group: number, number: number, vr: string, value: string) =>
    element(group, number, vr, Buffer.from(even(value, vr === "UI" ? "\0" : " "), "latin1"));
  const short = (group: number, number: number, value: number) => {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(value);
    return element(group, number, "US", bytes);
  };
  const stored = slice.pixels ?? Array.from({ length: width * height }, (_, i) => (i % width) + 10 * Math.floor(i / width));
  const pixels = Buffer.alloc(2 * stored.length);
  for (let i = 0; i < stored.length; i++) pixels.writeInt16LE(stored[i]!, 2 * i);
  const meta = text(2, 0x10, "UI", slice.syntax ?? "1.2.840.10008.1.2.1");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from("DICM"),
    element(2, 0, "UL", length),
    meta,
    text(8, 0x18, "UI", slice.instance ?? "1.2.3.4"),
    text(8, 0x20, "DA", "19700102"),
    text(8, 0x60, "CS", slice.modality ?? "CT"),
    text(0x10, 0x10, "PN", "Doe^Jane"),
    text(0x10, 0x20, "LO", slice.patient ?? "P-4711"),
    text(0x18, 0x50, "DS", String(slice.thickness ?? 5)),
    text(0x20, 0xe, "UI", slice.series ?? "1.2.3"),
    ...(position === null ? [] : [text(0x20, 0x32, "DS", position.join("\\"))]),
    text(0x20, 0x37, "DS", orientation.join("\\")),
    short(0x28, 2, 1),
    text(0x28, 4, "CS", slice.photometric ?? "MONOCHROME2"),
    ...(slice.frames === undefined ? [] : [text(0x28, 8, "IS", String(slice.frames))]),
    short(0x28, 0x10, height),
    short(0x28, 0x11, width),
    text(0x28, 0x30, "DS", spacing.join("\\")),
    short(0x28, 0x100, 16),
    short(0x28, 0x101, 16),
    short(0x28, 0x102, 15),
    short(0x28, 0x103, 1),
    text(0x28, 0x1052, "DS", String(slice.intercept ?? 0)),
    text(0x28, 0x1053, "DS", String(slice.slope ?? 1)),
    element(0x7fe0, 0x10, "OW", pixels),
  ]);
}
