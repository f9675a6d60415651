import { AppError } from "../base/errors.ts";
import { fromGlobalId } from "../base/ids.ts";
import type { RequestContext } from "./builder.ts";

const MAX_SHOWN_ID = 64;

/** The UUID inside a global id of the type; throws `NOT_FOUND` for anything else, as for one that nobody has. */
export function localId(typeName: string, globalId: string): string {
  const parsed = fromGlobalId(globalId);
  if (parsed?.typeName === typeName) return parsed.id;
  throw new AppError("NOT_FOUND", `Cannot find ${typeName.toLowerCase()} "${globalId.slice(0, MAX_SHOWN_ID)}"`);
}

/** What `load` gives for each id, null where it throws what hides an object: `node` and `nodes` tell no more. */
export function loadVisible<T>(
  { refused }: RequestContext,
  ids: readonly unknown[],
  load: (id: string) => Promise<T>,
): Promise<(T | null)[]> {
  return Promise.all(ids.map((id) =>
    load(String(id)).catch((error) => {
      if (!(error instanceof AppError) || error.code === "UNAVAILABLE") throw error;
      refused.push(error);
      return null;
    })
  ));
}

/** A batch's answers, with an error for what was deleted between two reads. */
export function orDeleted<T>(loaded: readonly (T | null)[]): (T | Error)[] {
  return loaded.map((item) => item ?? new AppError("NOT_FOUND", "Cannot find it any more: it was just deleted"));
}
