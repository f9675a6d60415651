import { inputSecretKind } from "../masking/masking.ts";
import { isTag, rootsAbove } from "./_dom_nodes.ts";

/** The kind of a secret. */
export type Kind = NonNullable<ReturnType<typeof inputSecretKind>>;

/** A page with more inputs has no more passwords. */
const MAX_INPUTS = 300;

/** What the page's inputs hold that is secret by what they are for: it may stand elsewhere too, as behind "show password". */
export function pageSecrets(element: Element): Map<string, Kind> {
  const secrets = new Map<string, Kind>();
  for (const root of rootsAbove(element)) {
    for (const input of [...root.querySelectorAll("input")].slice(0, MAX_INPUTS)) {
      if (!isTag(input, "input") || input.value === "") continue;
      const attributes = Object.fromEntries([...input.attributes].map(({ name, value }) => [name, value]));
      const kind = inputSecretKind(attributes, input.value);
      if (kind !== null) secrets.set(input.value, kind);
    }
  }
  return secrets;
}
