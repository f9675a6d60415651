import assert from "node:assert/strict";
import fc from "fast-check";
import { getNamedType, isInputObjectType, OperationTypeNode } from "graphql";
import { SWEEP } from "./support/attacks.ts";
import { isRefused, prepareFuzz, sendFuzz } from "./support/fuzz_client.ts";
import { collectFailures, countRows, findDamage, schemaOf } from "./support/fuzz_findings.ts";
import { createLedger, type Ledger } from "./support/fuzz_ledger.ts";
import { type FuzzOperation, introspect, operationsOf } from "./support/fuzz_operations.ts";
import { fuzzRuns } from "./support/fuzz_runs.ts";
import { sweepOf, variablesOf } from "./support/fuzz_values.ts";
import { FUZZ_ACTORS, type FuzzActor, type FuzzWorld, makeFuzzWorld } from "./support/fuzz_world.ts";
import type { GraphqlBody } from "./support/running_app.ts";

const RUNS = 20;
/** Where a password is hashed or verified, which takes a quarter of a second. */
const SLOW_RUNS = 3;

const SLOW_SWEEP = ["x\ud800y"];
const IDS = ["project", "element", "user", "foreign project", "foreign element"] as const;

const actors = fc.oneof(
  ...FUZZ_ACTORS.map((actor) => ({ weight: actor === "guest" ? 1 : 3, arbitrary: fc.constant(actor) })),
);

interface Fuzz {
  world: FuzzWorld;
  ledger: Ledger;
}

interface Attempt {
  actor: FuzzActor;
  template: Record<string, unknown>;
  /** Whether the values are written into the document. */
  isInline: boolean;
}

Deno.test("whatever anybody sends to whatever root field, nothing fails inside and nothing else is stored", async (t) => {
  await using failures = await collectFailures();
  await using world = await makeFuzzWorld();
  const schema = await introspect(world.app);
  const ledger = createLedger(schema);
  const before = schemaOf(world.database);
  for (const operation of operationsOf(schema)) {
    await t.step(`${operation.kind} ${operation.field.name}`, async () => {
      const attempts = fc.record({ actor: actors, template: variablesOf(operation), isInline: fc.boolean() });
      const property = fc.asyncProperty(attempts, (attempt) => tryOne({ world, ledger }, operation, attempt));
      const examples = sweep(operation).map((attempt): [Attempt] => [attempt]);
      const { numRuns, ...options } = fuzzRuns(runsOf(operation));
      failures.taken();
      await fc.assert(property, { ...options, numRuns: numRuns + examples.length, examples });
      assert.deepEqual(failures.taken(), [], "the log has errors");
    });
  }
  await t.step("what was stored is still what was sent, and the file is whole", async () => {
    for (const id of ledger.ids) await readBack({ world, ledger }, id);
    assert.deepEqual(schemaOf(world.database), before);
    const { verifyAudit } = await world.app.ask(`{ verifyAudit { valid } }`, {}, world.reader);
    assert.ok(verifyAudit.valid, "the audit log does not verify");
    assert.deepEqual(findDamage(world.app.dataDir), []);
    assert.equal((await fetch(`${world.app.url}/health/ready`).then((response) => response.json())).status, "ok");
  });
});

function runsOf(operation: FuzzOperation): number {
  return Math.ceil((isSlow(operation) ? SLOW_RUNS : RUNS) / operation.siblings);
}

function isSlow({ variables }: FuzzOperation): boolean {
  return variables.some(({ argument }) => {
    const type = getNamedType(argument.type);
    return isInputObjectType(type) && Object.keys(type.getFields()).some((name) => /password/i.test(name));
  });
}

/** Each of a few attacks in each text and each kind of id in each id, from who may do most and from who may not. */
function sweep(operation: FuzzOperation): Attempt[] {
  const isFast = !isSlow(operation);
  const templates = sweepOf(operation, { texts: isFast ? SWEEP : SLOW_SWEEP, ids: isFast ? IDS : [] });
  return templates.map((template, at) => ({ actor: at % 2 === 0 ? "ADMIN" : "DEVELOPER", template, isInline: false }));
}

async function tryOne(fuzz: Fuzz, operation: FuzzOperation, { actor, template, isInline }: Attempt): Promise<void> {
  const { world } = fuzz;
  const request = await prepareFuzz(world, actor, { operation, template, isInline });
  const rows = countRows(world.database);
  const body = await sendFuzz(world, request);
  const isMutation = operation.kind === OperationTypeNode.MUTATION;
  if (!isMutation || isRefused(body)) assert.deepEqual(countRows(world.database), rows, "something was stored");
  else await noteStored(fuzz, { operation, variables: request.variables, body });
  if (isMutation) fuzz.ledger.forget(await world.heal());
  const isDead = body.errors?.some(({ extensions }) => extensions.code === "UNAUTHENTICATED");
  if (isDead && actor !== "guest") await world.renew(actor);
}

async function noteStored(
  { world, ledger }: Fuzz,
  { operation, variables, body }: { operation: FuzzOperation; variables: Attempt["template"]; body: GraphqlBody },
): Promise<void> {
  const id = ledger.note(operation, variables, body.data?.[operation.field.name]);
  if (id !== null) await readBack({ world, ledger }, id);
}

async function readBack({ world, ledger }: Fuzz, id: string): Promise<void> {
  const { data, errors } = await world.app.graphql(ledger.queryOf(id), { id }, world.reader);
  assert.equal(errors, undefined, JSON.stringify(errors));
  ledger.compare(id, data.node);
}
