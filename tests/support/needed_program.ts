const isRequired = Deno.env.get("REQUIRE_BROWSER") === "1";

/** Registers a test that needs a program of the machine. Where that is missing it is skipped and says so, or fails with `REQUIRE_BROWSER=1`. */
export function testNeeding({ missing }: { missing: string | null }, name: string, test: () => Promise<void>): void {
  if (missing !== null && !isRequired) return Deno.test.ignore(`${name} (skipped: ${missing})`, () => {});
  const fail = () => Promise.reject(new Error(`Cannot run this test: ${missing}`));
  Deno.test(name, missing === null ? test : fail);
}

/** Whether there is such a file. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
