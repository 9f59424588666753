import { expect, test } from "vitest";
import { canonicalJson, sha256 } from "./hash.ts";

test("SHA-256 of the standard's own example", () => {
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-2, B.1
  expect(sha256(new TextEncoder().encode("abc"))).toBe(sha256("abc"));
});

test("equal values give equal text, whatever the order they were built in", () => {
  expect(canonicalJson({ b: [1, { d: 2, c: 3 }], a: null })).toBe('{"a":null,"b":[1,{"c":3,"d":2}]}');
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
});

test("NaN and infinity are refused, not turned into null", () => {
  expect(() => canonicalJson({ a: [Number.NaN] })).toThrow("NaN is not JSON");
  expect(() => canonicalJson(Number.POSITIVE_INFINITY)).toThrow("Infinity is not JSON");
});
