import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { openLiveRoom } from "./support/live_room.ts";
import { nextSignal } from "./support/werift_page.ts";

const ALERT = 21;
const HANDSHAKE = 22;
const DATA = 23;
const UNKNOWN = 25;
const CLOSE_NOTIFY = Buffer.from([1, 0]);
/** A handshake message without content. RFC 6347 §4.2.2 */
const FINISHED = Buffer.from([20, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0]);

/** A record of DTLS 1.2 as somebody makes it who has no keys. RFC 6347 §4.1 */
function forge(type: number, epoch: number, content: Buffer): Buffer {
  const header = Buffer.from([type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0xff, 0xff, 0, content.length]);
  return Buffer.concat([header, content]);
}

Deno.test("what anybody can send to a connection's port neither ends it nor is taken for something the page said", async () => {
  await using room = await openLiveRoom();
  const { page, peer } = room;
  const [, port] = /a=candidate:.* 127\.0\.0\.1 (\d+) typ host/.exec(page.connection.remoteDescription?.sdp ?? "") ??
    [];
  const stranger = createSocket("udp4");
  const forged = [0, 1].flatMap((epoch) => [
    forge(ALERT, epoch, CLOSE_NOTIFY),
    forge(ALERT, epoch, Buffer.alloc(40)),
    forge(UNKNOWN, epoch, CLOSE_NOTIFY),
    forge(DATA, epoch, Buffer.alloc(60)),
    forge(HANDSHAKE, epoch, FINISHED),
  ]);
  const others = [
    Buffer.from([ALERT]),
    Buffer.from([0, 1, 0, 4, 1]),
    Buffer.concat([Buffer.from([0, 1, 0xff, 0xff]), Buffer.alloc(30)]),
  ];
  for (const datagram of [...forged, ...others]) {
    await new Promise((resolve) => stranger.send(datagram, Number(port), "127.0.0.1", resolve));
    const heard = page.ask({ type: "ping", id: "p" }).then(({ type }) => type);
    const ended = nextSignal(peer, "n1").then(({ kind }) => kind, () => "");
    assert.equal(await Promise.race([heard, ended]), "pong", datagram.toString("hex"));
  }
  stranger.close();
});
