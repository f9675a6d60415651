import { lexicographicSortSchema, printSchema } from "graphql";
import { readConfig } from "../base/config.ts";
import { createApp } from "./app.ts";

/** Prints the schema, sorted, as `schema.graphql` holds it. It is that of a whole server on a folder made for it. */
export async function printServerSchema(): Promise<number> {
  const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_schema_" });
  try {
    const config = readConfig(new Map([["FINGERPOST_DATA_DIR", dataDir]]));
    await using app = await createApp(config, { publicUrl: () => "http://127.0.0.1:8000" });
    const text = `${printSchema(lexicographicSortSchema(app.schema))}\n`;
    Deno.stdout.writeSync(new TextEncoder().encode(text));
    return 0;
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
