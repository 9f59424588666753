import type { Tissue as TissueName } from "../../../core/tissue.ts";
import type { Tissue } from "../canvas.ts";

/**
 * How the tissues of a preterm head answer to sound at about 6 MHz, by the names of core/tissue.ts. Bright are the pia in sulci and fissures, the
 * vermis and the choroid plexus; dark the fluid; cortex is darker than white matter. Levels are set by eye beside exams: our guess.
 */
export const brainTissues = {
  background: { echo: -8, loss: 3, impedance: 1 },
  csf: { echo: -26, loss: 0.2, impedance: 0.985 },
  cortex: { echo: -18, loss: 1.9, impedance: 1 },
  whiteMatter: { echo: -8, loss: 1.9, impedance: 1.002 },
  lateralVentricle: { echo: -48, loss: 0.1, impedance: 0.965 },
  cerebellum: { echo: -6, loss: 2.2, impedance: 1.005 },
  deepGrey: { echo: -12, loss: 1.9, impedance: 1.004 },
  brainstem: { echo: -11, loss: 2, impedance: 1 },
  germinalMatrix: { echo: -8, loss: 1.9, impedance: 1.004 },
  cavum: { echo: -46, loss: 0.1, impedance: 0.965 },
  otherVentricle: { echo: -46, loss: 0.1, impedance: 0.965 },
  corpusCallosum: { echo: -23, loss: 1.8, impedance: 1.012 },
  otherBrain: { echo: -8, loss: 1.9, impedance: 1 },
} as const satisfies Record<TissueName, Tissue>;

/** What the label map does not tell apart. */
export const otherTissues = {
  pia: { echo: -1, loss: 2, impedance: 1.03 },
  plexus: { echo: 3, loss: 2.4, impedance: 1.02 },
  blood: { echo: 7, loss: 2.6, impedance: 1.025 },
  bone: { echo: 9, loss: 90, impedance: 2.2 },
  scalp: { echo: -2, loss: 2.5, impedance: 1.01 },
} as const satisfies Record<string, Tissue>;
