import type { DocumentNode, ExecutionResult, SelectionSetNode } from "graphql";
import { Kind } from "graphql";
import type { OperationArgs } from "./_execution.ts";
import type { NoteRefusal } from "./refused_attempts.ts";

/** Notes what of an operation was refused, before its errors are masked. */
export function noteRefusals(
  note: NoteRefusal,
  { errors = [] }: ExecutionResult,
  { document, contextValue: { actor, refused } }: Pick<OperationArgs, "document" | "contextValue">,
): void {
  for (const error of errors) note(actor, error, rootFieldOf(document, error.path?.[0]));
  for (const error of refused) note(actor, error, "node");
}

// Never the path itself: an alias is any text that the client chose, of any length.
function rootFieldOf(document: DocumentNode, key: string | number | undefined): string {
  const fragments = new Map<string, SelectionSetNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node.selectionSet);
  }
  for (const node of document.definitions) {
    const name = node.kind === Kind.OPERATION_DEFINITION ? findField(node.selectionSet, key, fragments) : null;
    if (name !== null) return name;
  }
  return "document";
}

// It ends: validation has refused fragments that hold themselves.
function findField(
  { selections }: SelectionSetNode,
  key: string | number | undefined,
  fragments: ReadonlyMap<string, SelectionSetNode>,
): string | null {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      if ((selection.alias ?? selection.name).value === key) return selection.name.value;
      continue;
    }
    const inner = selection.kind === Kind.FRAGMENT_SPREAD
      ? fragments.get(selection.name.value)
      : selection.selectionSet;
    const name = inner === undefined ? null : findField(inner, key, fragments);
    if (name !== null) return name;
  }
  return null;
}
