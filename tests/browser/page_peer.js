// A page's end of the data channel, with the framing written anew: it shares no code with the server's.
globalThis.createPagePeer = () => {
  const FRAME_BYTES = 16_384;
  const HEADER_BYTES = 8;
  const HIGH_WATER_BYTES = 1_048_576;
  const connection = new RTCPeerConnection();
  const channel = connection.createDataChannel("fingerpost.v1");
  channel.binaryType = "arraybuffer";
  channel.bufferedAmountLowThreshold = HIGH_WATER_BYTES / 2;
  const answers = new Map();
  let sent = 0;
  channel.onmessage = ({ data }) => {
    // Answers of the server fit one frame.
    const message = JSON.parse(new TextDecoder().decode(new Uint8Array(data, HEADER_BYTES)));
    answers.get(message.id)?.(message);
  };
  return { offer, accept, say, ask, close: () => connection.close() };

  async function offer() {
    await connection.setLocalDescription();
    if (connection.iceGatheringState !== "complete") {
      await new Promise((resolve) => connection.onicecandidate = ({ candidate }) => candidate === null && resolve());
    }
    return connection.localDescription.sdp;
  }

  /** Whether the channel opened within the time. */
  async function accept(sdp, timeoutMs) {
    const opened = new Promise((resolve) => channel.onopen = () => resolve(true));
    await connection.setRemoteDescription({ type: "answer", sdp });
    return await Promise.race([opened, new Promise((resolve) => setTimeout(resolve, timeoutMs, false))]);
  }

  async function ask(message) {
    const answered = new Promise((resolve) => answers.set(message.id, resolve));
    await say(message);
    return await answered;
  }

  async function say(message) {
    const bytes = new TextEncoder().encode(JSON.stringify(message));
    const size = FRAME_BYTES - HEADER_BYTES;
    const count = Math.ceil(bytes.length / size);
    sent++;
    for (let index = 0; index < count; index++) {
      if (channel.bufferedAmount > HIGH_WATER_BYTES) {
        await new Promise((resolve) => channel.onbufferedamountlow = resolve);
      }
      const frame = new Uint8Array(HEADER_BYTES + Math.min(size, bytes.length - index * size));
      const header = new DataView(frame.buffer);
      header.setUint32(0, sent);
      header.setUint16(4, index);
      header.setUint16(6, count);
      frame.set(bytes.subarray(index * size, (index + 1) * size), HEADER_BYTES);
      channel.send(frame);
    }
  }
};
