import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../core/errors.ts";
import { duplicateKey } from "./json-keys.ts";
import { decodeSafetensors, encodeSafetensors, floatsOf } from "./safetensors.ts";

const fixture = (name: string) => readFileSync(new URL(`../../test/fixtures/safetensors/${name}`, import.meta.url));

/** A file with any header text and any data. */
function file(header: string | Uint8Array, data: number | Uint8Array = 0, length?: bigint): Uint8Array {
  const text = Buffer.from(header);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([size, text, typeof data === "number" ? Buffer.alloc(data) : data]);
}

const tensor = (dtype: string, shape: unknown, offsets: unknown) => ({ dtype, shape, data_offsets: offsets });
const withTensors = (tensors: object, bytes: number) => file(JSON.stringify(tensors), bytes);

test("reads what the Python package writes, in every float type", () => {
  const expected = JSON.parse(fixture("python.json").toString()) as Record<string, { shape: number[]; values: string[] }>;
  const { tensors, metadata } = decodeSafetensors(fixture("python.safetensors"), "python.safetensors");
  expect(Object.fromEntries(metadata)).toEqual({ format: "pt", note: 'a "quoted" word' });
  expect([...tensors.keys()].sort()).toEqual([...Object.keys(expected), "i64"].sort());
  for (const [name, { shape, values }] of Object.entries(expected)) {
    expect(tensors.get(name)!.shape).toEqual(shape);
    const got = floatsOf(tensors.get(name)!, name, "x");
    expect([...got]).toEqual(
      values.map((v) => (v === "inf" ? Number.POSITIVE_INFINITY : v === "nan" ? Number.NaN : Math.fround(Number(v)))),
    );
  }
  expect(() => floatsOf(tensors.get("i64")!, "i64", "w.safetensors")).toThrow(
    "w.safetensors: i64 must hold floating-point numbers; got I64. Convert it to F32.",
  );
});

test("what is written is read back to the bit, and equal input gives equal bytes", () => {
  const name = fc.string({ minLength: 1 }).filter((s) => s !== "__metadata__");
  const entry = fc.record({ name, data: fc.float32Array({ maxLength: 9 }) });
  fc.assert(
    fc.property(
      fc.uniqueArray(entry, { selector: (e) => e.name }),
      fc.dictionary(fc.string(), fc.string()),
      (entries, metadata) => {
        const tensors = new Map(entries.map(({ name, data }) => [name, { shape: [data.length, 1], data }]));
        const bytes = encodeSafetensors(tensors, metadata);
        expect(encodeSafetensors(tensors, metadata)).toEqual(bytes);
        const back = decodeSafetensors(bytes, "memory");
        expect(Object.fromEntries(back.metadata)).toEqual(Object.fromEntries(Object.entries(metadata)));
        for (const [name, { data, shape }] of tensors) {
          expect(back.tensors.get(name)!.shape).toEqual(shape);
          expect(Buffer.from(back.tensors.get(name)!.bytes)).toEqual(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
        }
      },
    ),
  );
});

const good = encodeSafetensors(new Map([["a", { shape: [2, 3], data: new Float32Array(6) }]]), { step: "3" });

test("every way of cutting a file short is refused", () => {
  for (let length = 0; length < good.length; length++)
    expect(() => decodeSafetensors(good.subarray(0, length), "f")).toThrow(UserError);
  expect(() => decodeSafetensors(Buffer.concat([good, Buffer.alloc(1)]), "f")).toThrow(
    /tensors fill the 25 bytes of data; got 24/,
  );
});

// biome-ignore format: one case a line
test.each<[string, Uint8Array, RegExp]>([
  ["header of 0 bytes", file("{}", 8, 0n), /header of 2 to 100000000 bytes; got 0\./],
  ["header over 100 MB", file("{}", 8, 100_000_001n), /header of 2 to 100000000 bytes; got 100000001\./],
  ["header longer than the file", file("{}", 8, 99n), /header within the file of 18 bytes; got 99 bytes \(is the file cut off\?\)/],
  ["header length of 2^63", file("{}", 8, 2n ** 63n), /got 9223372036854775808\./],
  ["not JSON", file("{nonsense", 8), /header is a JSON object in UTF-8; got something else/],
  ["not UTF-8", file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), 0), /JSON object in UTF-8/],
  ["leading space", file(' {"a":1}', 0), /header starts with \{; got byte 32/],
  ["array", file("[]    ", 0), /header starts with \{/],
  ["key twice", file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4), /a key may occur once; got "a" twice/],
  ["key twice inside", file('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4), /got "dtype" twice/],
  ["metadata with a number", file('{"__metadata__":{"step":3}}', 0), /metadata values must be strings; got step is not/],
  ["metadata a list", file('{"__metadata__":[]}', 0), /__metadata__ is an object; got \[\]/],
  ["overlap", withTensors({ a: tensor("U8", [4], [0, 4]), b: tensor("U8", [4], [2, 6]) }, 6), /b at 2 where 4 was due/],
  ["hole", withTensors({ a: tensor("U8", [4], [0, 4]), b: tensor("U8", [2], [6, 8]) }, 8), /b at 6 where 4 was due/],
  ["offsets reversed", withTensors({ a: tensor("U8", [4], [4, 0]) }, 4), /offsets of a are \[begin, end\] within 4 bytes of data; got \[4,0\]/],
  ["offsets past the end", withTensors({ a: tensor("U8", [4], [0, 5]) }, 4), /got \[0,5\]/],
  ["three offsets", withTensors({ a: tensor("U8", [4], [0, 2, 4]) }, 4), /got \[0,2,4\]/],
  ["product overflows", withTensors({ a: tensor("F32", [2 ** 52, 2 ** 12, 4], [0, 0]) }, 0), /a, F32 \[4503599627370496, 4096, 4\], takes 295147905179352825856 bytes; got 0/],
  ["negative side", withTensors({ a: tensor("F32", [-1], [0, 4]) }, 4), /shape of a is a list of whole numbers; got \[-1\]/],
  ["fractional side", withTensors({ a: tensor("F32", [1.5], [0, 6]) }, 6), /got \[1.5\]/],
  ["shape a string", withTensors({ a: tensor("F32", "1", [0, 4]) }, 4), /got "1"/],
  ["unknown type", withTensors({ a: tensor("F8", [4], [0, 4]) }, 4), /dtype of a is one of BOOL, .*; got F8/],
  ["type from the prototype", withTensors({ a: tensor("toString", [4], [0, 4]) }, 4), /got toString/],
  ["extra field", withTensors({ a: { ...tensor("U8", [4], [0, 4]), code: 1 } }, 4), /only; got code/],
  ["entry is null", withTensors({ a: null }, 0), /a is an object; got null/],
  ["pickle", Uint8Array.of(0x80, 2, 0x7d, 0x71, 0, 0x2e, 0, 0, 0, 0, 0, 0), /got a Python pickle .* Convert it in Python: safetensors.torch.save_file\(torch.load\("in.pt", weights_only=True\)/],
  ["zip of torch.save", Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(40)]), /got a Python pickle or zip/],
  ["HDF5", Buffer.concat([Buffer.from([0x89]), Buffer.from("HDF\r\n"), Buffer.alloc(40)]), /got HDF5/],
])("refused with where, rule, got and way out: %s", (_, bytes, message) => {
  let thrown: unknown;
  try {
    decodeSafetensors(bytes, "weights/x.safetensors");
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(UserError);
  const error = thrown as UserError;
  expect(error.fault).toBe("data");
  expect(error.message).toMatch(message);
  expect(error.message).toMatch(/^weights\/x\.safetensors: .*\.$/);
});

test("zero-size tensors may share an offset, and a name may be __proto__", () => {
  const bytes = file(
    '{"__proto__":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]}}',
    0,
  );
  expect([...decodeSafetensors(bytes, "f").tensors.keys()]).toEqual(["__proto__", "b"]);
});

test("duplicateKey agrees with a reviver-free second way: serialising any value never has one, doubling a key always has", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(duplicateKey(JSON.stringify(value))).toBeNull();
      expect(duplicateKey(`[{"k": ${JSON.stringify(value)}, "k" : 1}]`)).toBe("k");
    }),
  );
});

test("a header whose length looks like a pickle's first bytes is read all the same", () => {
  const bytes = encodeSafetensors(new Map(), { note: "x".repeat(0x0280 - 28) });
  expect([...bytes.subarray(0, 2)]).toEqual([0x80, 0x02]);
  expect(decodeSafetensors(bytes, "f").tensors.size).toBe(0);
});
