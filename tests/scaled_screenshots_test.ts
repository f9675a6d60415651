import assert from "node:assert/strict";
import sharp from "sharp";
import { createWorkQueue } from "../src/elements/_work_queue.ts";
import { capture, captureInput, createProject } from "./support/captures.ts";
import { write } from "./support/people.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";

type Format = "png" | "jpeg" | "webp";

async function startWithProject(): Promise<RunningApp> {
  const app = await startApp();
  await createProject(app, app.token);
  return app;
}

/** A file that hardly gets smaller: noise, with holes where one shall see through it. */
async function noise(
  format: Format,
  { width, height, channels = 3 }: { width: number; height: number; channels?: 3 | 4 },
) {
  const pixels = new Uint8Array(width * height * channels);
  for (let start = 0; start < pixels.length; start += 65_536) {
    crypto.getRandomValues(pixels.subarray(start, start + 65_536));
  }
  return await sharp(pixels, { raw: { width, height, channels } }).toFormat(format, { quality: 90 }).toBuffer();
}

async function scaled(app: RunningApp, { format, bytes }: { format: Format; bytes: Uint8Array }, args = "") {
  const screenshot = { mimeType: `image/${format}`, base64: bytes.toBase64() };
  const id = await capture(app, app.token, captureInput({ screenshot }));
  return await scaledOf(app, id, args);
}

async function scaledOf(app: RunningApp, id: string, args: string) {
  const query =
    `query ($id: ID!) { element(id: $id) { screenshot { scaled${args} { base64 mimeType width height } } } }`;
  const { data, errors } = await app.graphql(query, { id }, app.token);
  if (errors !== undefined) return { refused: `${errors[0]?.extensions.code}: ${errors[0]?.message}` };
  const { base64, ...rest } = data.element.screenshot.scaled;
  const bytes = Uint8Array.fromBase64(base64);
  const { format, width, height, hasAlpha } = await sharp(bytes).metadata();
  assert.deepEqual(
    [rest.mimeType, rest.width, rest.height],
    [`image/${format}`, width, height],
    "it is what it is said to be",
  );
  return { ...rest, bytes, hasAlpha };
}

Deno.test("a screenshot is scaled down so that it keeps within both limits, and never up", async () => {
  await using app = await startWithProject();
  for (const format of ["png", "jpeg", "webp"] as const) {
    const bytes = await noise(format, { width: 900, height: 300 });
    const same = await scaled(app, { format, bytes }, "(maxBytes: 5000000)");
    assert.deepEqual(same.bytes, new Uint8Array(bytes), `${format} within its limits`);
    const smaller = await scaled(app, { format, bytes }, "(maxSide: 90)");
    assert.deepEqual([smaller.width, smaller.height], [90, 30], format);
    for (const maxBytes of [60_000, 1_000]) {
      const light = await scaled(app, { format, bytes }, `(maxBytes: ${maxBytes})`);
      assert.ok(light.bytes.length <= maxBytes, `${format}: ${light.bytes.length} bytes of at most ${maxBytes}`);
      assert.ok(Math.abs(light.width / light.height - 3) < 0.2, `${light.width} × ${light.height}`);
      assert.equal(light.mimeType, "image/jpeg");
    }
  }
});

Deno.test("one sees through a scaled screenshot where one saw through it before", async () => {
  await using app = await startWithProject();
  for (const format of ["png", "webp"] as const) {
    const bytes = await noise(format, { width: 400, height: 400, channels: 4 });
    const light = await scaled(app, { format, bytes }, "(maxBytes: 20000)");
    assert.deepEqual([light.mimeType, light.hasAlpha], ["image/webp", true]);
    assert.ok(light.bytes.length <= 20_000);
  }
  const opaque = await sharp(await noise("png", { width: 400, height: 400 })).ensureAlpha().png().toBuffer();
  assert.equal((await scaled(app, { format: "png", bytes: opaque }, "(maxBytes: 20000)")).mimeType, "image/jpeg");
});

Deno.test("a flat screenshot stays a PNG, and one on its side is turned as it is shown", async () => {
  await using app = await startWithProject();
  const flat = sharp({ create: { width: 2_000, height: 1_000, channels: 3, background: "#8af" } });
  const small = await scaled(app, { format: "png", bytes: await flat.clone().png().toBuffer() });
  assert.deepEqual([small.mimeType, small.width, small.height], ["image/png", 1_568, 784]);
  const turned = await flat.clone().jpeg().withMetadata({ orientation: 6 }).toBuffer();
  const upright = await scaled(app, { format: "jpeg", bytes: turned }, "(maxSide: 100)");
  assert.deepEqual([upright.width, upright.height], [50, 100]);
});

Deno.test("what is no image any more, limits out of bounds and a screenshot that is none are refused clearly", async () => {
  await using app = await startWithProject();
  const bytes = await noise("png", { width: 50, height: 50 });
  const screenshot = { mimeType: "image/png", base64: bytes.toBase64() };
  const id = await capture(app, app.token, captureInput({ screenshot }));
  for (const args of ["maxSide: 0", "maxSide: 4097", "maxBytes: 999", "maxBytes: 5000001"]) {
    assert.match((await scaledOf(app, id, `(${args})`)).refused ?? "", /^INVALID_INPUT: Cannot take max/, args);
  }
  const replace = (file: Uint8Array) =>
    write(app, (database) => database.prepare("UPDATE screenshots SET bytes = ?, width = 50, height = 50").run(file));
  const damage = "UNAVAILABLE: Cannot scale the screenshot: its file is damaged";
  for (const file of [bytes.subarray(0, bytes.length / 2), new Uint8Array(5), new TextEncoder().encode("<svg/>")]) {
    replace(new Uint8Array(file));
    assert.equal((await scaledOf(app, id, "(maxSide: 10)")).refused, damage);
  }
  const huge = sharp({ create: { width: 8_000, height: 6_000, channels: 3, background: "#8af" } });
  replace(await huge.png().toBuffer());
  assert.match((await scaledOf(app, id, "")).refused ?? "", /^TOO_LARGE: .*8000 × 6000 pixels/);
});

Deno.test("so much is worked on at once, so much waits, and more is UNAVAILABLE", async () => {
  const queue = createWorkQueue({ maxAtOnce: 2, maxWaiting: 1, action: "scale a screenshot" });
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let running = 0;
  const work = (gate?: PromiseWithResolvers<void>) => async () => {
    running++;
    await gate?.promise;
    return running--;
  };
  const [first, second, third] = [queue(work(gates[0])), queue(work(gates[1])), queue(work())];
  const message = "Cannot scale a screenshot now: too many wait for it";
  await assert.rejects(queue(work()), { code: "UNAVAILABLE", message });
  assert.equal(running, 2);
  gates[0]?.resolve();
  assert.deepEqual(await Promise.all([first, third]), [2, 2]);
  const waiting = [queue(work()), queue(work(), AbortSignal.abort(new Error("gone")))];
  gates[1]?.resolve();
  const outcomes = await Promise.allSettled([second, ...waiting]);
  assert.deepEqual(outcomes.map(({ status }) => status), ["fulfilled", "fulfilled", "rejected"]);
  assert.equal(await queue(work()), 1, "who failed gave its place back");
});
