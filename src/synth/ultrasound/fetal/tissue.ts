import type { Tissue } from "../canvas.ts";

/**
 * How the tissues of a fetus and its mother answer to sound at about 4 MHz. Losses: soft tissue 0.5, brain about 0.3 dB/cm/MHz, thin fetal bone
 * a third of an adult's 20 dB/cm/MHz. Echo levels are set by eye beside second-trimester pictures: our guess.
 */
export const fetalTissues = {
  maternal: { echo: 0, loss: 1.8, impedance: 1, density: 0.9 },
  placenta: { echo: 3, loss: 1.6, impedance: 1.01 },
  fluid: { echo: -44, loss: 0.02, impedance: 0.97 },
  skin: { echo: -9, loss: 1.6, impedance: 1.01 },
  body: { echo: -5, loss: 1.6, impedance: 1, density: 0.6 },
  bone: { echo: 12, loss: 24, impedance: 2.4 },
  csf: { echo: -27, loss: 0.2, impedance: 0.975 },
  ventricle: { echo: -42, loss: 0.05, impedance: 0.97 },
  brain: { echo: -17, loss: 1, impedance: 0.995, density: 0.9 },
  grey: { echo: -21, loss: 1, impedance: 0.995, density: 0.9 }, // thalami, peduncles
  falx: { echo: 4, loss: 2, impedance: 1.12 },
  wall: { echo: -4, loss: 1.5, impedance: 1.05 }, // of a ventricle, a fissure
  choroid: { echo: 3, loss: 2, impedance: 1.03 },
  cerebellum: { echo: -19, loss: 1.2, impedance: 0.998 },
  vermis: { echo: 0, loss: 1.5, impedance: 1.03 },
} as const satisfies Record<string, Tissue>;
