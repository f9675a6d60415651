import { findFormats } from "./_secret_formats.ts";
import { findInputs, secretAttributes } from "./_secret_inputs.ts";
import { findNamed, isSecretMember } from "./_secret_names.ts";
import { isDistinct, marker, maskAll, readName, type SecretKind } from "./_secret_values.ts";

/** Spares most texts of a capture, such as its styles, the rest: a secret has a name, a place or a long word. */
const WORTH_A_LOOK = /[=:<]|[\w-]{16}|%3d|basic|bearer/i;
/** Values that are looked for in all of a capture: a page has few passwords, and each makes the look slower. */
const MAX_REMEMBERED = 50;
const TEXT_FIELDS = ["pageUrl", "pageTitle", "selector", "domId", "text", "html"] as const;

/** The fields of a capture, or of a change of one, that may hold secrets. */
export interface MaskableFields {
  pageUrl?: string;
  pageTitle?: string | null;
  selector?: string;
  tagName?: string;
  domId?: string | null;
  classNames?: string[];
  attributes?: Record<string, unknown>;
  text?: string | null;
  html?: string;
  computedStyles?: Record<string, unknown>;
  accessibility?:
    | { role?: string | null | undefined; name?: string | null | undefined; description?: string | null | undefined }
    | null;
  component?: { framework: string; name: string; file?: string | null | undefined } | null;
}

/** Secrets of one capture that their place gave away, by value. */
type Remembered = Map<string, SecretKind>;

/** What is done to the texts of a capture; attributes are masked by their names too. */
interface Masking {
  text(text: string): string;
  attributes(attributes: Record<string, unknown>): Record<string, unknown>;
}

/** A text with markers such as `[masked:token]` in place of what looks like secrets. Takes time linear in the text. */
export function maskText(text: string): string {
  return mask(text, new Map());
}

/** What kind of secret the value of an input with these attributes is, by what the input is for; null: none. */
export function inputSecretKind(attributes: Record<string, string>, value: string): SecretKind | null {
  const listed = Object.entries(attributes).map(([name, value]) => ({ name: name.toLowerCase(), value }));
  return value === "" ? null : secretAttributes("input", listed)("value", value);
}

/**
 * A capture, or what a live page says of an element, with its secrets masked; the note, which is a person's own word, stays. `known` are secrets
 * that are masked wherever they stand, by their kinds.
 */
export function maskCapture<Fields extends MaskableFields>(
  fields: Fields,
  known: ReadonlyMap<string, SecretKind> = new Map(),
): Fields {
  const remembered: Remembered = new Map(known);
  const text = (text: string) => mask(text, remembered);
  const tag = fields.tagName ?? null;
  const attributes = (attributes: Record<string, unknown>) => maskAttributes(tag, attributes, remembered);
  const masked = maskFields(fields, { text, attributes });
  const values = Array.from(remembered.keys());
  if (values.length === 0) return { ...fields, ...masked };
  // What one place gave away may stand in another: a password in the text behind "show", or in a selector.
  const forms = knownValues(values);
  const everywhere = (text: string) => text.replaceAll(forms, (value) => markerOf(remembered, value));
  return { ...fields, ...maskFields(masked, { text: everywhere, attributes: (all) => maskMembers(all, everywhere) }) };
}

function maskFields(fields: MaskableFields, { text, attributes }: Masking): MaskableFields {
  const masked: MaskableFields = { ...fields };
  for (const name of TEXT_FIELDS) {
    const value = fields[name];
    if (typeof value === "string") masked[name] = text(value);
  }
  if (fields.classNames !== undefined) masked.classNames = fields.classNames.map(text);
  // Attributes come last: by then it is known what the others gave away.
  if (fields.computedStyles !== undefined) masked.computedStyles = maskMembers(fields.computedStyles, text);
  if (fields.attributes !== undefined) masked.attributes = attributes(fields.attributes);
  const { accessibility, component } = fields;
  if (accessibility) {
    masked.accessibility = {
      role: accessibility.role && text(accessibility.role),
      name: accessibility.name && text(accessibility.name),
      description: accessibility.description && text(accessibility.description),
    };
  }
  if (component) {
    const { framework, name, file } = component;
    masked.component = { ...component, framework: text(framework), name: text(name), file: file && text(file) };
  }
  return masked;
}

function maskAttributes(tag: string | null, attributes: Record<string, unknown>, remembered: Remembered) {
  const strings = Object.entries(attributes).flatMap(([name, value]) =>
    typeof value === "string" ? [{ name: name.toLowerCase(), value }] : []
  );
  const kindOf = secretAttributes(tag, strings);
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => {
      const maskedName = mask(name, remembered);
      if (typeof value !== "string") return [maskedName, maskValue(value, (text) => mask(text, remembered))];
      const named = readName(name);
      const kind = kindOf(name.toLowerCase(), value) ?? (named && isSecretMember(named, value) ? named.kind : null);
      if (kind === null) return [maskedName, mask(value, remembered)];
      remember(remembered, value, kind);
      return [maskedName, marker(kind)];
    }),
  );
}

function maskMembers(members: Record<string, unknown>, text: (text: string) => string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, maskValue(value, text)]));
}

// No deeper than input may be.
function maskValue(value: unknown, text: (text: string) => string): unknown {
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return value.map((item) => maskValue(item, text));
  if (typeof value !== "object" || value === null) return value;
  return maskMembers({ ...value }, text);
}

function mask(text: string, remembered: Remembered): string {
  if (!WORTH_A_LOOK.test(text)) return text;
  const secrets = [...findInputs(text), ...findFormats(text), ...findNamed(text)];
  for (const { value, kind } of secrets) if (value !== undefined) remember(remembered, value, kind);
  return maskAll(text, secrets);
}

function remember(remembered: Remembered, value: string, kind: SecretKind): void {
  if (remembered.size < MAX_REMEMBERED && !remembered.has(value)) remembered.set(value, kind);
}

/** A short or plain one is known again in quotes alone, as `[value="1234"]` has it; any word may look like it. */
function knownValues(values: string[]): RegExp {
  const forms = values.toSorted((a, b) => b.length - a.length).map((value) => {
    const escaped = RegExp.escape(value);
    return isDistinct(value) ? escaped : `(?<=value\\s{0,4}[~|^$*]?=\\s{0,4}(["']?))${escaped}(?=\\1)`;
  });
  return new RegExp(forms.join("|"), "g");
}

function markerOf(remembered: Remembered, value: string): string {
  return marker(remembered.get(value) ?? "token");
}
