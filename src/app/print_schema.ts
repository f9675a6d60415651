import { lexicographicSortSchema, printSchema } from "graphql";
import { AppError } from "../base/errors.ts";
import { readConfig } from "../base/config.ts";
import { createApp } from "./app.ts";
import { VERSION } from "./version.ts";

/**
 * Prints the schema, sorted, as `schema.graphql` holds it; with `--release` below the version that it is released with, as
 * `schema.released.graphql` holds it. It is that of a whole server on a folder made for it. Throws `INVALID_INPUT`.
 */
export async function printServerSchema(args: string[]): Promise<number> {
  const [option, ...rest] = args;
  if (rest.length > 0 || (option !== undefined && option !== "--release")) {
    throw new AppError("INVALID_INPUT", `Cannot print the schema with "${args.join(" ")}": there is --release`);
  }
  const heading = option === "--release" ? `# The schema of ${VERSION}\n\n` : "";
  const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_schema_" });
  try {
    const config = readConfig(new Map([["FINGERPOST_DATA_DIR", dataDir]]));
    await using app = await createApp(config, { publicUrl: () => "http://127.0.0.1:8000" });
    const text = `${heading}${printSchema(lexicographicSortSchema(app.schema))}\n`;
    Deno.stdout.writeSync(new TextEncoder().encode(text));
    return 0;
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
