const isRequired = Deno.env.get("REQUIRE_BROWSER") === "1";

/** Registers a test that needs a program of the machine. Where that is missing it is skipped and says so, or fails with `REQUIRE_BROWSER=1`. */
export function testNeeding({ missing }: { missing: string | null }, name: string, test: () => Promise<void>): void {
  if (missing === null) Deno.test(name, test);
  else if (!isRequired) Deno.test.ignore(`${name} (skipped: ${missing})`, () => {});
  else {Deno.test(name, () => {
      throw new Error(`Cannot run this test: ${missing}`);
    });}
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
