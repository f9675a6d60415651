import fc from "fast-check";
import {
  getNamedType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
} from "graphql";
import { anyJson, anyText } from "./attacks.ts";
import type { FuzzOperation } from "./fuzz_operations.ts";

/** What stands for something of the world, such as `«element»`: an id is only known when it is sent. */
export const REFERENCES = [
  "project",
  "foreign project",
  "element",
  "foreign element",
  "user",
  "own user",
  "session",
  "token",
  "peer",
  "server peer",
  "cursor",
  "uuid",
  "new email",
  "known email",
  "password",
] as const;

/** One of them. */
export type Reference = (typeof REFERENCES)[number];

type Values = Record<string, unknown>;

const reference = (...names: Reference[]) => fc.constantFrom(...names.map((name) => `«${name}»`));
const anyReference = reference(...REFERENCES);
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const SDP = [
  "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
  "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\na=sctp-port:5000\r\n",
  `{"candidate":"candidate:1 1 udp 1 127.0.0.1 9 typ host","sdpMid":"0","sdpMLineIndex":0}`,
  `[{"candidate":""},{"candidate":null},1]`,
];

/** Texts that get past the first check of what is called like this; without a line here a field gets any text. */
const FITTING: [RegExp, fc.Arbitrary<unknown>][] = [
  [/clientId$/, reference("uuid")],
  [/(^|\.)(after|before)$/i, reference("cursor")],
  [/email/i, fc.oneof(reference("new email", "known email"), anyText.map((text) => `${text}@example.org`))],
  [/password/i, reference("password")],
  [/pageUrl$/, anyText.map((text) => `https://shop.example/${text}`)],
  [/mimeType$/, fc.constantFrom("image/png", "image/jpeg", "image/webp")],
  [/base64$/, fc.constant(PNG)],
  [/payload$/, fc.constantFrom(...SDP)],
  [/\.value$/, fc.oneof(anyText, fc.constantFrom<unknown>([], ["stun:stun.example:3478"], "turn:x"), anyJson)],
  [/\.key$/, fc.constantFrom("instance.name", "turn.urls", "turn.secret")],
  // A low limit of any other action would refuse the fuzz itself.
  [/\.action$/, fc.constantFrom("sign_in", "mcp")],
  [/\.kind$/, fc.constantFrom("element.captured", "token.denied")],
  [/from$/, reference("peer")],
  [/\.to$/, reference("peer", "server peer")],
];

/** What an id is of, by what its field and argument are called. */
const IDS: [RegExp, Reference][] = [
  [/project/i, "project"],
  [/element/i, "element"],
  [/token/i, "token"],
  [/session/i, "session"],
  [/user|actor|capturedBy|member/i, "user"],
];

const TIMES = [
  "2026-01-31T12:00:00.000Z",
  "0000-01-01T00:00:00Z",
  "0000-01-01T00:00:00+23:59",
  "9999-12-31T23:59:59.999Z",
  "9999-12-31T23:59:59-23:59",
  "2024-02-29T24:00:00Z",
  "2026-01-01T00:00:00.0000000001+05:30",
  "1969-12-31T23:59:59Z",
];

/** Picks what is given of what may be left out. */
interface Choice {
  /** Whether an optional place is given: undefined leaves it to chance. */
  isGiven: (path: string) => boolean | undefined;
  /** The one value of a place, where it is set. */
  fixed: (path: string) => fc.Arbitrary<unknown> | undefined;
}

const BY_CHANCE: Choice = { isGiven: () => undefined, fixed: () => undefined };

/**
 * The variables of an operation: mostly of the right types, with attacks for texts; often with one place broken
 * (another type, null, missing, unknown, extreme), and now and then anything at all.
 */
export function variablesOf(operation: FuzzOperation): fc.Arbitrary<Values> {
  const fitting = fittingOf(operation, BY_CHANCE);
  const { variables } = operation;
  if (variables.length === 0) return fitting;
  const anything = fc.record(Object.fromEntries(variables.map(({ name }) => [name, fc.oneof(anyJson, anyReference)])));
  return fc.oneof(
    { weight: 6, arbitrary: fitting },
    { weight: 3, arbitrary: fc.tuple(fitting, fc.nat(), anyJson, fc.nat(3)).map(([...change]) => breakOne(...change)) },
    { weight: 1, arbitrary: anything },
  );
}

/** For each place of a text or an id, variables with each of the values there and nothing else that may be left out. */
export function sweepOf(
  operation: FuzzOperation,
  { texts, ids }: { texts: readonly string[]; ids: readonly Reference[] },
): Values[] {
  return operation.variables.flatMap(({ argument, path }) => leavesOf(argument.type, path)).flatMap(
    ({ path, isId }) => {
      const values = isId ? [...texts, ...ids.map((name) => `«${name}»`)] : texts;
      return values.flatMap((value) => {
        const isGiven = (other: string) => path === other || path.startsWith(`${other}.`);
        const fixed = (other: string) => other === path ? fc.constant(value) : undefined;
        return fc.sample(fittingOf(operation, { isGiven, fixed }), 1);
      });
    },
  );
}

function leavesOf(type: GraphQLInputType, path: string): { path: string; isId: boolean }[] {
  const named = getNamedType(type);
  if (isInputObjectType(named)) {
    return Object.values(named.getFields()).flatMap((field) => leavesOf(field.type, `${path}.${field.name}`));
  }
  return ["ID", "String", "JSON"].includes(named.name) ? [{ path, isId: named.name === "ID" }] : [];
}

function fittingOf({ variables }: FuzzOperation, choice: Choice): fc.Arbitrary<Values> {
  const entries = variables.map(({ name, path, argument }) => {
    const given = valueOf(argument.type, path, choice);
    return [name, isRequiredArgument(argument) ? given : orAbsent(given, choice.isGiven(path), 1)] as const;
  });
  return fc.record(Object.fromEntries(entries)).map((values) => withoutAbsent(values) as Values);
}

/** Stands for what is not sent at all. */
const ABSENT = Symbol("absent");

function valueOf(type: GraphQLInputType, path: string, choice: Choice): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) return valueOf(type.ofType, path, choice);
  if (isListType(type)) {
    const item = valueOf(type.ofType, path, choice);
    const list = fc.array(item, { minLength: choice.fixed(path) === undefined ? 0 : 1, maxLength: 3 });
    return fc.oneof({ weight: 4, arbitrary: list }, { weight: 1, arbitrary: item });
  }
  if (isEnumType(type)) return fc.constantFrom(...type.getValues().map(({ name }) => name));
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).map((field) => {
      const inner = `${path}.${field.name}`;
      const given = valueOf(field.type, inner, choice);
      return [field.name, isRequiredInputField(field) ? given : orAbsent(given, choice.isGiven(inner), 3)] as const;
    });
    return fc.record(Object.fromEntries(fields));
  }
  return choice.fixed(path) ?? scalarOf(type.name, path);
}

function orAbsent(
  given: fc.Arbitrary<unknown>,
  isGiven: boolean | undefined,
  weight: number,
): fc.Arbitrary<unknown> {
  if (isGiven !== undefined) return isGiven ? given : fc.constant(ABSENT);
  return fc.oneof({ weight, arbitrary: given }, { weight: 2, arbitrary: fc.constantFrom<unknown>(null, ABSENT) });
}

function scalarOf(typeName: string, path: string): fc.Arbitrary<unknown> {
  if (typeName === "Boolean") return fc.boolean();
  if (typeName === "Int") {
    return fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(2 ** 31 - 1, -(2 ** 31), -1), fc.integer());
  }
  if (typeName === "Float") {
    const extremes = fc.constantFrom(0, -0, 5e-324, 1.7976931348623157e308, -1e308, 1e21);
    const usual = fc.double({ min: 0, max: 5_000, noNaN: true });
    return fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: extremes });
  }
  if (typeName === "DateTime") {
    return fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...TIMES) }, { weight: 1, arbitrary: anyText });
  }
  if (typeName === "ID" || typeName === "String") return textOf(typeName, path);
  const fitting = FITTING.find(([pattern]) => pattern.test(path))?.[1];
  if (fitting !== undefined) return fitting;
  const object = anyJson.map((value) => isObject(value) ? value : { value });
  return fc.oneof({ weight: 3, arbitrary: object }, { weight: 1, arbitrary: anyJson });
}

function textOf(typeName: string, path: string): fc.Arbitrary<unknown> {
  const fitting = FITTING.find(([pattern]) => pattern.test(path))?.[1];
  if (fitting !== undefined) {
    return fc.oneof({ weight: 5, arbitrary: fitting }, { weight: 1, arbitrary: anyText });
  }
  if (typeName !== "ID" || /pageId$|negotiationId$/.test(path)) return anyText;
  const last = path.split(".").at(-1) ?? "";
  const meant = [last, path].flatMap((text) => IDS.filter(([pattern]) => pattern.test(text)).map(([, name]) => name));
  return fc.oneof(
    { weight: 5, arbitrary: meant[0] === undefined ? anyReference : reference(meant[0]) },
    { weight: 1, arbitrary: anyReference },
    { weight: 1, arbitrary: fc.oneof(anyText, fc.integer()) },
  );
}

function withoutAbsent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAbsent);
  if (!isObject(value)) return value;
  const present = Object.entries(value).filter(([, inner]) => inner !== ABSENT);
  return Object.fromEntries(present.map(([name, inner]) => [name, withoutAbsent(inner)]));
}

/** Replaces, nulls, drops or adds something at the place that `choice` picks. */
function breakOne(values: Values, choice: number, other: unknown, how: number): Values {
  const broken = structuredClone(values);
  const places = placesIn(broken);
  const place = places[choice % places.length];
  if (place === undefined) return broken;
  const [holder, name] = place;
  if (how === 0) holder[name] = null;
  else if (how === 1) delete holder[name];
  else if (how === 2) {
    Object.defineProperty(holder, typeof other === "string" ? other : "x", {
      value: other,
      enumerable: true,
      configurable: true,
    });
  } else holder[name] = other;
  return broken;
}

function placesIn(value: unknown): [Values, string][] {
  if (!isObject(value)) return [];
  return Object.keys(value).flatMap((name): [Values, string][] => [[value, name], ...placesIn(value[name])]);
}

/** Whether it is an object with names, which an array is not. */
export function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
