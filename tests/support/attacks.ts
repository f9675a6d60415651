import fc from "fast-check";

/** Texts that broke other servers, by what they aim at. */
export const ATTACKS: Record<string, readonly string[]> = {
  sql: [
    `'`,
    `"`,
    `\\'`,
    `' OR '1'='1`,
    `'; DROP TABLE users; --`,
    `1; DELETE FROM elements`,
    `' UNION SELECT password_hash FROM users --`,
    `x') OR 1=1 --`,
    `%`,
    `_`,
    `[a-z]*`,
    `\\%`,
    `?1`,
    `:id`,
    `$1`,
    `/*`,
    `X'00'`,
    `char(0)`,
    `" OR "" = "`,
    `NEAR(a b, 0)`,
    `text: *`,
    `a* AND NOT b`,
    `^"`,
    `{text note} : x`,
    `- +`,
  ],
  graphql: [
    `") { id } }`,
    `{ __schema { types { name } } }`,
    `""" """`,
    `\\u{110000}`,
    `\\ud800`,
    `$id`,
    `#`,
    `@skip(if: true)`,
    `...on User { email }`,
    `__typename`,
  ],
  header: [
    "x\r\nX-Injected: yes",
    "x\r\n\r\n<script>alert(1)</script>",
    "x\nSet-Cookie: a=b",
    "a; b=c, d",
    "bytes=0-",
    `"; filename="x`,
  ],
  json: [
    `{"a":1}`,
    `[]`,
    `null`,
    `true`,
    `"`,
    `}`,
    `\\`,
    `\\u0000`,
    `{"__proto__":{"admin":true}}`,
    `NaN`,
    `-Infinity`,
    `1e999`,
  ],
  path: [
    `../../../../etc/passwd`,
    `..%2f..%2fsecret.key`,
    `/etc/passwd\0.png`,
    `C:\\data\\fingerpost.db`,
    `file:///etc/passwd`,
    `//evil.example/x`,
    `javascript:alert(1)`,
    `java\nscript:alert(1)`,
    ` vbscript:x`,
    `data:text/html,<script>1</script>`,
    `http://[::1`,
    `http://a:99999/`,
    `https://user:pass@host/`,
    `.`,
    `%`,
    `%00`,
    `%c0%af`,
  ],
  prototype: [
    `__proto__`,
    `constructor`,
    `prototype`,
    `toString`,
    `hasOwnProperty`,
    `then`,
    `toJSON`,
    `valueOf`,
    `length`,
  ],
  unicode: [
    `\0`,
    `a\0b`,
    `\ud800`,
    `x\udc00y`,
    `\udbff`,
    `\ufeff`,
    `\ufffe`,
    `\uffff`,
    `\u202eevil\u202c`,
    `\u2066\u2069`,
    `\u200b`,
    `\u00a0`,
    `\u3000`,
    `\u0085`,
    `\u2028\u2029`,
    `\x1b[31m`,
    `\x7f`,
    `\b`,
    `e\u0301`,
    `\u0301`,
    `Z${"\u0300\u0316\u0334".repeat(40)}`,
    `İıſKß`,
    `ﷺ`,
    `＠`,
    `ﬁ`,
    `👩‍👩‍👧‍👦`,
    `🏳️‍🌈`,
    `\u{10ffff}`,
    `\u{e000}`,
    `\u{f0000}`,
    `नमस्ते`,
    `שלום`,
    `日本語`,
  ],
  number: [
    `0`,
    `-0`,
    `-1`,
    `1.5`,
    `1e400`,
    `0x10`,
    `9007199254740993`,
    `9223372036854775808`,
    `-9223372036854775809`,
    ` 1`,
    `١٢`,
    `2026-02-30T00:00:00Z`,
    `0000-01-01T00:00:00+23:59`,
    `9999-12-31T23:59:59.9999999-23:59`,
    `2026-12-31T23:59:60Z`,
  ],
  size: [
    ``,
    ` `,
    `\n`,
    "x".repeat(201),
    "x".repeat(255),
    "é".repeat(40),
    "😀".repeat(130),
    "ﷺ".repeat(90),
    "x".repeat(20_001),
    "a b ".repeat(300),
    `"`.repeat(999),
    "(".repeat(5_000),
    "\u0301".repeat(10_001),
  ],
};

/** The shortest of each aim: what every single text of the API is tried with. */
export const SWEEP: readonly string[] = [
  `'`,
  `"`,
  `\\`,
  `%_*?`,
  `") { id } }`,
  "x\r\nX-Injected: yes",
  `{"__proto__":1}`,
  `__proto__`,
  `../../etc/passwd`,
  `a\0b`,
  `x\ud800y`,
  `\u202eevil\u202c`,
  `ﷺ😀e\u0301`,
  `-1e400`,
  ``,
  "x".repeat(20_001),
];

const corpus = Object.values(ATTACKS).flat();
const anyUnit = fc.nat(0xffff).map((unit) => String.fromCharCode(unit));
const piece = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...corpus) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ unit: anyUnit, maxLength: 8 }) },
);

/** Any text: an attack, any Unicode (lone surrogates too), or some of them in a row; no U+FFFD, by which damage shows. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: piece },
  { weight: 1, arbitrary: fc.array(piece, { minLength: 2, maxLength: 4 }).map((pieces) => pieces.join("")) },
).map((text) => text.replaceAll("\ufffd", "?"));

/** Stands for the JSON number 1e999, which no JavaScript number prints as: `toJson` writes it. */
export const OVERFLOWING = "«1e999»";

const anyNumber = fc.oneof(
  fc.constantFrom(0, -1, 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e308, -1e308, 5e-324, 0.1),
  fc.integer(),
  fc.double({ noDefaultInfinity: true, noNaN: true }),
);

/** Any JSON value, with names that shadow what objects have, and now and then a deep nest. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant(null),
    anyText,
    anyNumber,
    fc.boolean(),
    fc.constant(OVERFLOWING),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("object"),
    fc.constantFrom(...[31, 32, 200].flatMap((depth) => [nest(depth, "[]"), nest(depth, "{}")])),
  ),
  // `Object.fromEntries` makes `__proto__` a name like any other, as JSON.parse does.
  object: fc.array(fc.tuple(anyText, tie("value")), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
})).value;

/** The JSON text of a value, with `1e999` for each `OVERFLOWING`. */
export function toJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(`"${OVERFLOWING}"`, "1e999");
}

function nest(depth: number, kind: "[]" | "{}"): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = kind === "[]" ? [value] : { x: value };
  return value;
}
