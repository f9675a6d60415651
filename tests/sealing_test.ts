import assert from "node:assert/strict";
import { createSealer, deriveKey } from "../src/database/sealing.ts";

const key = (fill: number) => new Uint8Array(32).fill(fill);
const place = { table: "app_config", column: "value", row: "turn.secret" };
const text = new TextEncoder().encode("the secret");

Deno.test("what was sealed opens in its own place with its own key alone", async () => {
  const sealer = await createSealer([key(1)]);
  const sealed = await sealer.seal(text, place);
  assert.deepEqual(await sealer.open(sealed, place), text);
  assert.notDeepEqual(await sealer.seal(text, place), sealed, "a new nonce each time");
  assert.ok(!new TextDecoder("latin1").decode(sealed).includes("secret"));
  for (
    const elsewhere of [{ row: "other" }, { column: "other" }, { table: "other" }, {
      table: "app_config,value",
      column: "",
    }]
  ) {
    await assert.rejects(sealer.open(sealed, { ...place, ...elsewhere }), { code: "UNAVAILABLE" });
  }
  for (let index = 0; index < sealed.length; index++) {
    const changed = sealed.slice();
    changed[index] = (changed[index] ?? 0) ^ 1;
    await assert.rejects(sealer.open(changed, place), { code: "UNAVAILABLE" }, `byte ${index}`);
  }
  for (const length of [0, 1, 21, sealed.length - 1]) {
    await assert.rejects(sealer.open(sealed.slice(0, length), place), { code: "UNAVAILABLE" });
  }
  const stranger = await createSealer([key(2)]);
  await assert.rejects(stranger.open(sealed, place), /it was sealed with the key [0-9a-f]{16}, which is not here/);
});

Deno.test("of several keys the first seals and all open", async () => {
  const old = await createSealer([key(1)]);
  const both = await createSealer([key(2), key(1)]);
  const sealed = await old.seal(text, place);
  assert.deepEqual(await both.open(sealed, place), text);
  assert.equal(both.isCurrent(sealed), false);
  const anew = await both.seal(text, place);
  assert.equal(both.isCurrent(anew), true);
  await assert.rejects(old.open(anew, place), { code: "UNAVAILABLE" });
  assert.deepEqual(await (await createSealer([key(2)])).open(anew, place), text);
});

Deno.test("deriveKey() gives another key for each purpose, as HKDF-SHA-256 says", async () => {
  const sealing = await deriveKey(key(1), "sealing");
  assert.notDeepEqual(sealing, await deriveKey(key(1), "sealing key id"));
  // RFC 5869 §2 by hand: extract with an empty salt, expand one block.
  const hmac = async (secret: Uint8Array<ArrayBuffer>, data: Uint8Array<ArrayBuffer>) => {
    const imported = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", imported, data));
  };
  const extracted = await hmac(new Uint8Array(32), key(1));
  assert.deepEqual(
    sealing,
    await hmac(extracted, Uint8Array.from([...new TextEncoder().encode("fingerpost sealing"), 1])),
  );
});
