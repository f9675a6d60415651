import axe from "axe-core";
import type { Page } from "playwright-core";
import type { Data } from "./running_app.ts";

/** What axe-core finds wrong with the page as it is, in both colour schemes: a line each. */
export async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const violations: Data[] = await page.evaluate(async () =>
      (await (globalThis as Data).axe.run()).violations.map(({ id, nodes }: Data) => ({
        id,
        targets: nodes.map(({ target, failureSummary }: Data) => `${target} ${failureSummary}`),
      }))
    );
    found.push(...violations.map(({ id, targets }) => `${colorScheme}: ${id}: ${targets.join("; ")}`));
  }
  return found;
}
