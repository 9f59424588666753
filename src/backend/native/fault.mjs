/**
 * Why the native backend cannot be had here, in one line that ends with the way out.
 * A class of its own and not `UserError`, because set-up runs before any TypeScript is compiled.
 */
export class NativeFault extends Error {
  /** @override */
  name = "NativeFault";
}
