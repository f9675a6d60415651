// The limit of the channel bench: bare werift, which reads frames and does nothing with them. What fits one frame is sent back.
import { RTCPeerConnection } from "werift";

const FRAME_BYTES = 16_384;

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  // deno-lint-ignore no-console -- the bench waits for this line
  onListen: ({ port }) => console.log(`Listening on http://127.0.0.1:${port}`),
}, async (request) => {
  const connection = new RTCPeerConnection({
    iceServers: [],
    iceUseIpv4: false,
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ["127.0.0.1"],
    iceInterfaceAddresses: { udp4: "127.0.0.1" },
  });
  connection.onDataChannel.subscribe((channel) => {
    channel.onMessage.subscribe((frame) => {
      const isWhole = typeof frame !== "string" && frame.length < FRAME_BYTES && frame.readUInt16BE(6) === 1;
      if (isWhole) channel.send(frame);
    });
  });
  await connection.setRemoteDescription({ type: "offer", sdp: await request.text() });
  await connection.setLocalDescription(await connection.createAnswer());
  const headers = { "access-control-allow-origin": "*" };
  return new Response(connection.localDescription?.sdp ?? "", { headers });
});
