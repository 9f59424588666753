/**
 * Capital letters, digits and a few signs, 5 x 7 pixels: pictures look the same whatever fonts a machine has.
 * Seven rows from the top, each a base-32 digit whose bits are the pixels, leftmost first.
 */
const glyphs = new Map(
  Object.entries({
    A: "ehhvhhh", B: "uhhuhhu", C: "ehggghe", D: "uhhhhhu", E: "vgguggv", F: "vgguggg", G: "ehgnhhf", H: "hhhvhhh",
    I: "e44444e", J: "72222ic", K: "hikokih", L: "ggggggv", M: "hrllhhh", N: "hhpljhh", O: "ehhhhhe", P: "uhhuggg",
    Q: "ehhhlid", R: "uhhukih", S: "fgge11u", T: "v444444", U: "hhhhhhe", V: "hhhhha4", W: "hhhllla", X: "hha4ahh",
    Y: "hhha444", Z: "v1248gv", "0": "ehjlphe", "1": "4c4444e", "2": "eh1248v", "3": "v2421he", "4": "26aiv22",
    "5": "vgu11he", "6": "68guhhe", "7": "v124888", "8": "ehhehhe", "9": "ehhf12c", ".": "00000cc", "-": "000e000",
    _: "000000v", "/": "11248gg", ":": "0cc0cc0", "%": "op248j3", "+": "044v440", "=": "00v0v00", " ": "0000000",
  }),
); // biome-ignore format: a table
const unknown = "eh12404"; // a question mark

/** Pixels from one letter to the next, at scale 1. */
export const letterStep = 6;
/** Height of a letter, at scale 1. */
export const letterHeight = 7;

/** Calls `set` for each inked pixel of `text`, from (0, 0) at its top left, at scale 1. Lower case is drawn as upper case. */
export function inkText(text: string, set: (x: number, y: number) => void): void {
  [...text.toUpperCase()].forEach((letter, i) => {
    [...(glyphs.get(letter) ?? unknown)].forEach((row, y) => {
      const bits = Number.parseInt(row, 32);
      for (let x = 0; x < 5; x++) if (bits & (16 >> x)) set(i * letterStep + x, y);
    });
  });
}
