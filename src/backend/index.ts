/** The TensorFlow.js backend: installed, picked and readied here. Nothing else imports `@tensorflow/*`. */
export { type DoctorCheck, type DoctorReport, inspectMachine } from "./doctor.ts";
export { installBackend } from "./install.ts";
export { type BackendName, backendOptions, type ConcreteBackend } from "./options.ts";
export { type BackendInfo, readyBackend } from "./ready.ts";
export * from "./tf.ts";
