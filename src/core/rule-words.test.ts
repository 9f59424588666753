import { expect, test } from "vitest";
import { z } from "zod";
import { ruleWords } from "./rule-words.ts";

const words = (schema: z.ZodType, value: unknown) => schema.safeParse(value).error!.issues.map((issue) => ruleWords(issue));

test.each<[z.ZodType, unknown, string]>([
  [z.number(), Number.NaN, "must be a number"],
  [z.int(), 1.5, "must be a whole number"],
  [z.number().lt(1), 1, "must be less than 1"],
  [z.number().gt(0), 0, "must be more than 0"],
  [z.number().max(1), 2, "must be at most 1"],
  [z.string().min(2), "a", "must have at least 2 characters"],
  [z.array(z.int()).max(1), [1, 2], "must have at most 1 items"],
  [z.enum(["a", "b"]), "c", 'must be "a" or "b"'],
  [z.union([z.literal(6), z.literal(18), z.literal(26)]), 8, "must be 6, 18 or 26"],
  [z.union([z.literal("all"), z.int()]), "some", 'must be "all", or a number'],
  [z.union([z.literal("all"), z.int()], "must be all or a number"), "some", "must be all or a number"],
  [z.discriminatedUnion("kind", [z.object({ kind: z.literal("a") }), z.object({ kind: z.enum(["b", "c"]) })]), { kind: "d" }, 'must be "a", "b" or "c"'],
  [z.strictObject({}), { a: 1, b: 2 }, 'must not have "a", "b"'],
  [z.number().multipleOf(4), 6, "must be a multiple of 4"],
  [z.number().refine((v) => v > 2, "must ascend"), 1, "must ascend"],
])("a broken rule is said in plain words: %#", (schema, value, rule) => {
  expect(words(schema, value)).toEqual([rule]);
}); // biome-ignore format: one case a line
