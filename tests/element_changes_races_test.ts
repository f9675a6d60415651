import assert from "node:assert/strict";
import type { Changes, ChangesRequest } from "../src/elements/_changes.ts";
import { captureSchema } from "../src/elements/capture_input.ts";
import type { Projects } from "../src/projects/projects.ts";
import { captureInput } from "./support/captures.ts";
import { type ElementsRoom, openElementsRoom } from "./support/elements_room.ts";

/** What happens once at a moment of `changes`, which a bus that only wakes and a table that is only read could miss. */
interface Moments {
  /** Its right was found. */
  authorized?: (() => Promise<unknown>) | undefined;
  /** What there was to tell was read, and was nothing; it listens by now, if it waits. */
  beforeRevision?: (() => Promise<unknown>) | undefined;
  /** The project's revision was read; what is behind it is still to be read. */
  afterRevision?: (() => Promise<unknown>) | undefined;
}

interface Room extends ElementsRoom {
  moments: Moments;
  capture(): Promise<unknown>;
  changes(asked: Partial<ChangesRequest>): Promise<Changes>;
}

async function openRoom(): Promise<Room> {
  const moments: Moments = {};
  const once = async (name: keyof Moments) => {
    const happen = moments[name];
    moments[name] = undefined;
    await happen?.();
  };
  const room = await openElementsRoom((projects): Projects => ({
    ...projects,
    authorize: async (...request) => {
      const actor = await projects.authorize(...request);
      await once("authorized");
      return actor;
    },
    byIds: async (ids) => {
      await once("beforeRevision");
      const found = await projects.byIds(ids);
      await once("afterRevision");
      return found;
    },
  }));
  const { elements, actor, projectId } = room;
  const asked = { projectId, after: 0, first: 20, waitMs: 8_000, signal: () => new AbortController().signal };
  return {
    ...room,
    moments,
    capture: () => elements.capture(actor, { ...captureSchema.parse(captureInput()), projectId }),
    changes: (request) => elements.changes(actor, { ...asked, ...request }),
  };
}

const revisionsOf = ({ changes }: Changes) => changes.map(({ revision }) => revision);

Deno.test("elements.changes() wakes for a capture at any moment before it waits, and loses none to who goes on", async () => {
  await using room = await openRoom();
  const { moments, capture, changes } = room;
  for (const moment of ["authorized", "beforeRevision", "afterRevision"] as const) {
    for (const captures of [1, 3]) {
      const from = (await changes({ after: null, waitMs: 0 })).revision;
      moments[moment] = async () => {
        for (let index = 0; index < captures; index++) await capture();
      };
      const expected = Array.from({ length: captures }, (_, index) => from + index + 1);
      const told = await changes({ after: from });
      assert.deepEqual([revisionsOf(told), told.revision], [expected, expected.at(-1)], `${moment}, waiting`);
      // Who does not wait may miss it, and is told it by the next request.
      moments[moment] = capture;
      const seen: number[] = [];
      for (let after = told.revision; seen.length === 0;) {
        const answer = await changes({ after, waitMs: 0 });
        seen.push(...revisionsOf(answer));
        after = answer.revision;
      }
      assert.deepEqual(seen, [told.revision + 1], `${moment}, asking`);
    }
  }
});

Deno.test("elements.changes() from now on counts a capture either to before or to after, never to neither", async () => {
  await using room = await openRoom();
  const { moments, capture, changes } = room;
  for (const moment of ["authorized", "beforeRevision", "afterRevision"] as const) {
    const from = (await changes({ after: null, waitMs: 0 })).revision;
    moments[moment] = capture;
    const { revision } = await changes({ after: null, waitMs: 0 });
    assert.equal(revision, moment === "afterRevision" ? from : from + 1);
  }
  const { revision } = await changes({ after: null, waitMs: 0 });
  moments.afterRevision = capture;
  assert.deepEqual(revisionsOf(await changes({ after: null })), [revision + 1], "it listened before it looked");
});

Deno.test("elements.changes() leaves nothing on the bus, however its wait ends", async () => {
  await using room = await openRoom();
  const { capture, changes, open, moments } = room;
  assert.equal((await changes({ waitMs: 1 })).revision, 0);
  assert.equal(open(), 0, "its time was over");
  const gone = new AbortController();
  moments.afterRevision = () => Promise.resolve(gone.abort());
  await assert.rejects(changes({ signal: () => gone.signal }), { name: "AbortError" });
  await assert.rejects(changes({ signal: () => gone.signal }), { name: "AbortError" });
  assert.equal(open(), 0, "gone, or gone before");
  await assert.rejects(changes({ after: 1 }), { code: "INVALID_INPUT" });
  const waiting = changes({});
  await capture();
  assert.equal((await waiting).revision, 1);
  assert.equal(open(), 0, "answered, or refused");
});
