/** What a resource's URI names: an element, or its screenshot. */
export interface ElementUri {
  kind: "element" | "screenshot";
  /** The element's global id. */
  elementId: string;
}

/** The templates of the URIs, RFC 6570. */
export const URI_TEMPLATES = { element: "element://{id}", screenshot: "screenshot://{id}" } as const;

/** Longer ones are none of ours. */
const MAX_ID_LENGTH = 100;

/** The URI of an element or its screenshot. */
export function toElementUri({ kind, elementId }: ElementUri): string {
  return `${kind}://${elementId}`;
}

/** What a URI names, or null where it is none of ours. */
export function parseElementUri(uri: string): ElementUri | null {
  const [, kind, elementId = ""] = /^(element|screenshot):\/\/([\w-]+)$/.exec(uri) ?? [];
  const isKind = kind === "element" || kind === "screenshot";
  return isKind && elementId.length <= MAX_ID_LENGTH ? { kind, elementId } : null;
}
