/** The TensorFlow.js backend: installed, picked and readied here. Nothing else imports `@tensorflow/*`. */
export { type DoctorCheck, type DoctorReport, inspectMachine } from "./doctor.ts";
export { installBackend } from "./install.ts";
export { type BackendInfo, type BackendName, backendOptions, readyBackend } from "./ready.ts";
export * from "./tf.ts";
