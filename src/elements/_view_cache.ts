/** What a view is made of: an element at one of its revisions. */
export interface Viewed {
  id: string;
  revision: number;
}

/** Views that were worked out, kept while their element stays as it was. */
export interface ViewCache<View> {
  /** The views of elements, in their order; what is not kept is worked out at once. `variant` tells apart views of one element. */
  through(
    elements: readonly Viewed[],
    variant: string | number,
    workOut: (ids: readonly string[]) => Promise<(View | null)[]>,
  ): Promise<(View | null)[]>;
}

/** Builds a cache; `sizeOf` a view is in characters, and those that are not larger than a hundredth of `maxSize` are kept, the last used ones first. */
export function createViewCache<View>(
  { maxSize, sizeOf }: { maxSize: number; sizeOf: (view: View) => number },
): ViewCache<View> {
  const kept = new Map<string, { view: View; size: number }>();
  let keptSize = 0;
  return { through };

  async function through(
    elements: readonly Viewed[],
    variant: string | number,
    workOut: (ids: readonly string[]) => Promise<(View | null)[]>,
  ): Promise<(View | null)[]> {
    const found = elements.map(({ id, revision }) => take(`${id} ${revision} ${variant}`));
    const missing = elements.filter((_element, index) => found[index] === undefined);
    if (missing.length === 0) return found.map((view) => view ?? null);
    const views = (await workOut(missing.map(({ id }) => id))).values();
    return elements.map(({ id, revision }, index) => {
      const view = found[index] ?? views.next().value ?? null;
      if (found[index] === undefined && view !== null) keep(`${id} ${revision} ${variant}`, view);
      return view;
    });
  }

  function take(key: string): View | undefined {
    const entry = kept.get(key);
    if (entry === undefined) return undefined;
    kept.delete(key);
    kept.set(key, entry);
    return entry.view;
  }

  function keep(key: string, view: View): void {
    const size = sizeOf(view) + key.length;
    if (size > maxSize / 100 || kept.has(key)) return;
    kept.set(key, { view, size });
    keptSize += size;
    for (const [oldest, { size }] of kept) {
      if (keptSize <= maxSize) break;
      kept.delete(oldest);
      keptSize -= size;
    }
  }
}
