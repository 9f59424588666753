/**
 * Exit codes of the command line; others script against them.
 * 0 is success; 130, 143, 129 and 138 a clean stop after SIGINT, SIGTERM, SIGHUP and SIGUSR1.
 */
export const exitCodes = {
  internal: 1,
  usage: 2,
  data: 3,
  numeric: 4,
  backend: 5,
  locked: 6,
  /** A sweep some of whose runs failed; the others are done. */
  partial: 7,
  /** What was made again is not what was recorded. */
  different: 8,
} as const;

/** What went wrong, in the words of {@link exitCodes}. `internal` is never thrown on purpose. */
export type Fault = Exclude<keyof typeof exitCodes, "internal">;

/**
 * A mistake that the user can mend. The message says where, which rule, what was got, and the way out, in one line;
 * where many mistakes are reported at once (a config, a folder of volumes), in one line each;
 * the command line prints the message alone and exits with `exitCodes[fault]`.
 * A broken contract between our own functions is a `RangeError` instead, and keeps its stack.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly fault: Fault;
  constructor(fault: Fault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** Thrown by a stage that stopped cleanly because its `AbortSignal` fired. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}
