/**
 * Colours of pages and plots: on light paper, and on dark. Series are told apart with any colour vision, and every colour but `faint`, `line` and
 * `tint` can be read as small text on its paper: contrast of at least 4.5.
 *
 * Source of the bound: WCAG 2.2, success criterion 1.4.3.
 */
export const palette = {
  paper: ["#ffffff", "#14191e"],
  ink: ["#1f2933", "#e4e8eb"],
  soft: ["#52606d", "#a3b1bd"],
  faint: ["#c9d1d9", "#3b4650"],
  line: ["#d5dbe1", "#36414b"],
  tint: ["#f3f6f9", "#1d242b"],
  warm: ["#fdf4ea", "#2b2118"],
  blue: ["#0b6aa2", "#62b5e8"],
  orange: ["#b85500", "#f29a4a"],
  green: ["#2a7f5f", "#5cbf98"],
  purple: ["#7b4ea3", "#bd9be0"],
  olive: ["#806500", "#d2b545"],
} as const satisfies Record<string, readonly [light: string, dark: string]>;

/** The palette as custom properties of CSS. @param side - 0: on light paper; 1: on dark. */
export const colourVariables = (side: 0 | 1): string =>
  Object.entries(palette)
    .map(([name, colours]) => `--${name}: ${colours[side]};`)
    .join(" ");

/** Rules that turn plots drawn for light paper dark. Their files hold plain colours, so that every program can show them. */
export const darkPlots = Object.values(palette)
  .map(([light, dark]) => `svg [fill="${light}"] { fill: ${dark}; } svg [stroke="${light}"] { stroke: ${dark}; }`)
  .join("\n  ");
