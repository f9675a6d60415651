import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { createProject } from "../support/captures.ts";
import { movableClock } from "../support/movable_clock.ts";
import { type Data, type RunningApp, startApp } from "../support/running_app.ts";
import { startTurnServer, turnServerAbsence } from "../support/turn_server.ts";

const SECRET = "what both of them know";
const ICE_SERVERS = `query ($projectId: ID!) { iceServers(projectId: $projectId) { urls username credential } }`;
const DAY_MS = 86_400_000;

/** What a page gets of the servers: its relayed candidates, and the codes of errors (RFC 8656 §19). */
function gather(page: Page, iceServers: Data[]): Promise<{ relayed: string[]; errors: number[] }> {
  return page.evaluate(async (iceServers) => {
    const connection = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
    const [relayed, errors]: [string[], number[]] = [[], []];
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) relayed.push(candidate.candidate);
    };
    connection.onicecandidateerror = ({ errorCode }) => errors.push(errorCode);
    connection.createDataChannel("x");
    await connection.setLocalDescription();
    while (connection.iceGatheringState !== "complete") {
      await new Promise((resolve) => connection.addEventListener("icegatheringstatechange", resolve, { once: true }));
    }
    connection.close();
    return { relayed, errors };
  }, iceServers);
}

async function serversOf(app: RunningApp): Promise<Data[]> {
  const projectId = await createProject(app, app.token);
  return (await app.ask(ICE_SERVERS, { projectId }, app.token)).iceServers;
}

browserTest("a TURN server takes the credentials that a room gives out, and none that have expired", async (page) => {
  await using turnServer = await startTurnServer(SECRET);
  const clock = movableClock();
  const environment = { FINGERPOST_TURN_URLS: turnServer.url, FINGERPOST_TURN_SECRET: SECRET };
  await using app = await startApp({ clock, environment });
  const good = await gather(page, await serversOf(app));
  assert.match(good.relayed.join(), /typ relay/);
  assert.deepEqual(good.errors, []);
  clock.advance(-DAY_MS);
  const expired = await gather(page, await serversOf(app));
  assert.deepEqual(expired.relayed, []);
  assert.ok(expired.errors.includes(401), expired.errors.join());
}, { missing: turnServerAbsence });
