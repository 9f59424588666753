import { expect } from "vitest";

// Vitest compares arrays element by element, seconds for a volume. Typed arrays of one kind and of the same bytes are equal
// for it too, which takes milliseconds to see; all others are left to it.

const isTyped = (value: unknown): value is ArrayBufferView => ArrayBuffer.isView(value) && !(value instanceof DataView);

const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

expect.addEqualityTesters([
  (a: unknown, b: unknown) =>
    isTyped(a) && isTyped(b) && a.constructor === b.constructor && bytes(a).equals(bytes(b)) ? true : undefined,
]);
