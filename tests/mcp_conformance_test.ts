import assert from "node:assert/strict";
import sharp from "sharp";
import { capture, captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { type Check, listScenarios, runConformance } from "./support/conformance.ts";
import { type ProxyChanges, startConformanceProxy } from "./support/conformance_proxy.ts";
import { type Revision, REVISIONS, SCENARIOS, type Target } from "./support/conformance_scenarios.ts";
import { startMcpFixtures } from "./support/mcp_fixtures.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";

for (const revision of REVISIONS) {
  Deno.test(`mcp: the server passes the conformance suite's scenarios of ${revision} that fit it`, async () => {
    await using app = await startApp();
    await createProject(app, app.token);
    const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ", "ELEMENTS_WRITE"] });
    const changes = await captureForSuite(app);
    await using proxy = await startConformanceProxy(`${app.url}/mcp`, { token, ...changes });
    assertPasses(await runConformance(proxy.url, revision), { revision, target: "server" });
  });

  Deno.test(`mcp: with the fixtures it asks for, the adapter passes the conformance suite's others of ${revision}`, async () => {
    await using fixtures = await startMcpFixtures();
    assertPasses(await runConformance(fixtures.url, revision), { revision, target: "fixtures" });
  });
}

Deno.test("mcp: every server scenario of the conformance suite is passed, or left out with a reason", async () => {
  assert.deepEqual((await listScenarios()).sort(), Object.keys(SCENARIOS).sort());
  for (const [name, { passes, why }] of Object.entries(SCENARIOS)) {
    assert.ok(Object.keys(passes).length > 0 || why !== undefined, `${name} is neither`);
  }
});

/** Captures two elements; by which of their URIs the suite's resources are called, and what stands for its template's id. */
async function captureForSuite(app: RunningApp): Promise<Omit<ProxyChanges, "token">> {
  const image = await sharp({ create: { width: 2, height: 2, channels: 3, background: "red" } }).png().toBuffer();
  const screenshot = { mimeType: "image/png", base64: image.toString("base64") };
  const id = await capture(app, app.token, captureInput({ screenshot }));
  const other = await capture(app, app.token);
  const names: ProxyChanges["names"] = [
    ["test://static-text", `element://${id}`],
    ["test://static-binary", `screenshot://${id}`],
    ["test://template/123/data", `element://${other}`],
    ["test://watched-resource", `screenshot://${other}`],
  ];
  return { names, told: [[other, "123"]] };
}

function assertPasses(
  results: Map<string, Check[]>,
  { revision, target }: { revision: Revision; target: Target },
): void {
  const expected = Object.entries(SCENARIOS).filter(([, { passes }]) => passes[revision]?.includes(target));
  const outcomes = expected.map(([name, { without }]) =>
    `${name}: ${outcomeOf(results.get(name) ?? [], without?.[target] ?? [])}`
  );
  assert.deepEqual(outcomes, expected.map(([name]) => `${name}: passes`));
}

// The suite calls passed what was never looked at, and what it only warns of.
function outcomeOf(checks: Check[], without: string[]): string {
  const own = checks.filter(({ id }) => !without.includes(id));
  const failed = own.filter(({ status }) => status === "FAILURE" || status === "WARNING");
  if (failed.length > 0) return failed.map(({ id, errorMessage = "" }) => `${id} ${errorMessage}`).join("; ");
  const isTried = own.some(({ id, status }) => id !== "wire-schema-valid" && status === "SUCCESS");
  return isTried ? "passes" : "nothing was tried";
}
