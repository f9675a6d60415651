/** A session description as a page makes it: one data channel. `size`: characters of it in all. */
export function sdpOf(
  { fragment = "abcd", version = 1, size = 0 }: { fragment?: string; version?: number; size?: number } = {},
): string {
  const lines = [
    "v=0",
    `o=- 4611731400430051336 ${version} IN IP4 127.0.0.1`,
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "c=IN IP4 0.0.0.0",
    `a=ice-ufrag:${fragment}`,
    "a=ice-pwd:asd88fgpdd777uzjYhagZg1x",
    `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => "AB").join(":")}`,
    "a=setup:actpass",
    "a=mid:0",
    "a=sctp-port:5000",
  ];
  const sdp = `${lines.join("\r\n")}\r\n`;
  return size === 0 ? sdp : `${sdp}${paddingOf(size - sdp.length)}`;
}

/** A candidate as JSON, a different one for each port. */
export function candidateOf(port: number, fragment?: string): string {
  const candidate = `candidate:1 1 udp 2122260223 127.0.0.1 ${port} typ host generation 0`;
  return JSON.stringify({ candidate, sdpMid: "0", sdpMLineIndex: 0, usernameFragment: fragment });
}

const MAX_LINE = 8_000;

function paddingOf(size: number): string {
  const lines: string[] = [];
  for (let left = size; left > 0;) {
    // A line of its own has five characters that are no filling.
    const length = left <= MAX_LINE ? left : Math.min(MAX_LINE, left - 10);
    lines.push(`a=x${"x".repeat(length - 5)}\r\n`);
    left -= length;
  }
  return lines.join("");
}
