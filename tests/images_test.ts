import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32, deflateSync } from "node:zlib";
import { CAPTURE, captureInput, createProject } from "./support/captures.ts";
import { startApp } from "./support/running_app.ts";

Deno.test("a small file that unpacks to more pixels than a page has is TOO_LARGE, and is not unpacked", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const capture = async (width: number, height: number) => {
    const png = blackPng(width, height);
    assert.ok(png.length < 200_000, `${png.length} bytes`);
    const input = captureInput({ screenshot: { mimeType: "image/png", base64: png.toBase64() } });
    const startedAt = performance.now();
    const { errors } = await app.graphql(CAPTURE, { input }, app.token);
    return [errors?.[0]?.extensions.code ?? "ok", performance.now() - startedAt] as const;
  };
  const [largest, takenMs] = await capture(2_560, 16_000);
  const [beyond, refusedMs] = await capture(30_000, 30_000);
  assert.deepEqual([largest, beyond], ["ok", "TOO_LARGE"]);
  assert.ok(refusedMs < takenMs, `${refusedMs} ms for what has 22 times the pixels of what took ${takenMs} ms`);
});

/** A PNG of one bit a pixel, all black. PNG (Third Edition) §5, §11.2 */
function blackPng(width: number, height: number): Uint8Array {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 1);
  const lines = new Uint8Array(height * (1 + Math.ceil(width / 8)));
  const chunks = [chunk("IHDR", new Uint8Array(header.buffer)), chunk("IDAT", deflateSync(lines)), chunk("IEND")];
  return Uint8Array.from(Buffer.concat([Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), ...chunks]));
}

function chunk(type: string, data: Uint8Array = new Uint8Array()): Uint8Array {
  const named = Buffer.concat([new TextEncoder().encode(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
