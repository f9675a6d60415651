import { type Marks, PROVISIONAL } from "./_marks.ts";
import type { PointerHost, Taken } from "./pointer.ts";

/** Hands over what was taken; until the host marks an element, its own mark says that it is on its way. */
export function deliver(list: Taken[], { marks, host }: { marks: Marks; host: PointerHost }): void {
  const own = list.map(({ element, number }) => ({ element, mark: { id: `${PROVISIONAL}${number}`, number } }));
  for (const { element, mark } of own) marks.set(element, { ...mark, state: "sending" });
  host.send(list).then(
    () => own.forEach(({ mark }) => marks.drop(mark.id)),
    () => {
      for (const { element, mark } of own) if (marks.drop(mark.id)) marks.set(element, { ...mark, state: "failed" });
    },
  );
}
