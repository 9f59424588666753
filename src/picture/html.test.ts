import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeText, html, trusted } from "./html.ts";

const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom("<", ">", "&", '"', "'", ";", "\u0000", "\u202e"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
});

test("inserted text can open no tag, end no attribute and start no entity", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const { markup } = html`<p title="${text}">${text}</p>`;
      expect(markup.match(/[<>"]/g)).toEqual(["<", '"', '"', ">", "<", ">"]);
      expect(escapeText(text)).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#39;)/);
    }),
  );
});

test("lists and markup are inserted as they are, null as nothing, control characters as a mark", () => {
  expect(html`<ul>${["a<", "b"].map((x) => html`<li>${x}</li>`)}${null}${trusted("<hr>")}${0}</ul>`.markup).toBe(
    "<ul><li>a&lt;</li><li>b</li><hr>0</ul>",
  );
  expect(escapeText("a\u0000b\u202ec\n")).toBe("a\ufffdb\ufffdc\n");
});
