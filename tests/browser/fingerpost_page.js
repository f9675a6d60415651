// What the browser tests do in a page with the client, beside what the client itself offers.
import { connectFingerpost } from "../../clients/browser/fingerpost.ts";

const RtcPeerConnection = globalThis.RTCPeerConnection;
const connections = [];
let isBlocked = false;

/** Keeps what the client opens, and puts it on another way where a test leads the page there. */
globalThis.RTCPeerConnection = class extends RtcPeerConnection {
  constructor(configuration) {
    // Without a TURN server this leaves no candidate at all, as in a network that lets no UDP through.
    super(isBlocked ? { ...configuration, iceTransportPolicy: "relay" } : configuration);
    connections.push(this);
  }

  createDataChannel(...given) {
    this.ownChannel = super.createDataChannel(...given);
    return this.ownChannel;
  }

  async setRemoteDescription({ type, sdp }) {
    const ports = sdp.match(/^a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 \d+/gim) ?? [];
    for (const line of globalThis.portOnPath === undefined ? [] : ports) {
      const port = Number(line.split(" ").at(-1));
      sdp = sdp.replace(line, line.replace(/\d+$/, await globalThis.portOnPath(port)));
    }
    await super.setRemoteDescription({ type, sdp });
  }
};

/** Connects, and keeps what happened. */
globalThis.startClient = (options) => {
  isBlocked = options.blocked ?? false;
  const startedAt = performance.now();
  let entered = 0;
  let captured = 0;
  const states = [];
  const channels = [];
  const commands = [];
  const refused = [];
  let commandError = null;
  const listeners = new Set();
  const note = () => listeners.forEach((listener) => listener());
  const client = connectFingerpost({
    label: "A page",
    page: () => ({ pageId: options.pageId ?? "tab", url: location.href, title: document.title }),
    onStateChange(state, error) {
      states.push({ state, at: performance.now() - startedAt, code: error?.code ?? null });
      note();
    },
    onPeersChange() {
      entered++;
      note();
    },
    onChannel(peerId, channel) {
      channel.onmessage = ({ data }) => channel.send(`echo ${data}`);
      channels.push({ peerId, label: channel.label, channel });
      note();
    },
    onCommand(command) {
      commands.push(command);
      if (commandError !== null) throw new Error(commandError);
      return options.commandResult ?? {};
    },
    onRefused(elementId, { code }) {
      refused.push({ elementId, code });
      note();
    },
    ...options,
  });
  return {
    client,
    states,
    channels,
    commands,
    refused,
    refuseCommands,
    until,
    captureAll,
    openChannel,
    say,
    restartIce,
    credentials,
    untilCaptured,
    untilEntered,
    unblock,
    sendRaw,
  };

  /** Settles when the condition holds, with the milliseconds since the start; fails after a while. */
  function until(condition, timeoutMs = 9_000) {
    return new Promise((resolve, reject) => {
      const failing = setTimeout(() => {
        listeners.delete(check);
        reject(new Error(`Not within ${timeoutMs} ms: ${condition}; ${JSON.stringify(states)}`));
      }, timeoutMs);
      const check = () => {
        if (!condition()) return;
        clearTimeout(failing);
        listeners.delete(check);
        resolve(performance.now() - startedAt);
      };
      listeners.add(check);
      check();
    });
  }

  /** Captures elements named `#<name>-<n>`, one each `everyMs`, without waiting for the one before; settles with what became of each. */
  async function captureAll({ name, count, everyMs = 0, html = "<p></p>" }) {
    const captures = [];
    for (let index = 0; index < count; index++) {
      const selector = `#${name}-${index}`;
      const box = { x: 0, y: 0, width: 1, height: 1 };
      captures.push(
        client.capture({ pageUrl: location.href, selector, tagName: "P", html, box }).finally(() => {
          captured++;
          note();
        }),
      );
      if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    return await Promise.all(captures);
  }

  async function openChannel(peerId, label) {
    const channel = await client.openChannel(peerId, label);
    channels.push({ peerId, label, channel });
    return channels.length - 1;
  }

  /** Says something on a channel that was opened, and settles with what comes back. */
  function say(index, text) {
    const { channel } = channels[index];
    return new Promise((resolve) => {
      channel.onmessage = ({ data }) => resolve(data);
      channel.send(text);
    });
  }

  /** Restarts ICE with a peer, and settles when both sides agree on it. */
  async function restartIce(peerId) {
    const connection = connections.at(-1);
    const before = credentials();
    client.restartIce(peerId);
    const agreed = () => connection.signalingState === "stable" && credentials() !== before;
    while (!agreed()) {
      await new Promise((resolve) => connection.addEventListener("signalingstatechange", resolve, { once: true }));
    }
  }

  /** The ICE credentials of the last connection, of both sides. */
  function credentials() {
    const { currentLocalDescription, currentRemoteDescription } = connections.at(-1);
    return [currentLocalDescription, currentRemoteDescription].map(({ sdp }) => /^a=ice-ufrag:(.*)$/m.exec(sdp)[1])
      .join();
  }

  /** Settles when so many captures were answered. */
  function untilCaptured(count) {
    return until(() => captured >= count);
  }

  /** Settles when the room was entered so often, where nobody else is in it. */
  function untilEntered(count) {
    return until(() => entered >= count);
  }

  function refuseCommands(message) {
    commandError = message;
  }

  function unblock() {
    isBlocked = false;
  }

  /** Sends frames on the last channel past the client: text, or the bytes of an array. */
  function sendRaw(frames) {
    for (const frame of frames) {
      connections.at(-1).ownChannel.send(typeof frame === "string" ? frame : new Uint8Array(frame));
    }
  }
};
