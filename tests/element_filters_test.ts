import assert from "node:assert/strict";
import fc from "fast-check";
import { CAPTURE, captureInput, createProject } from "./support/captures.ts";
import { movableClock } from "./support/movable_clock.ts";
import { addPerson, setMember } from "./support/people.ts";
import { type Data, startApp } from "./support/running_app.ts";

const LIST = `query ($projectId: ID, $filter: ElementFilter, $search: String, $orderBy: ElementOrder) {
  elements(projectId: $projectId, filter: $filter, search: $search, orderBy: $orderBy, first: 100) {
    totalCount edges { node { id } }
  } }`;

/** Whether an element is what a filter lets through, as the schema's descriptions say. */
function fits(element: Data, filter: Data): boolean {
  const { status, pageUrlPrefix, pageId, tagName, capturedById, createdAfter, createdBefore } = filter;
  return (!status || status.includes(element.status)) &&
    (!pageUrlPrefix || element.pageUrl.startsWith(pageUrlPrefix)) &&
    (pageId === null || element.pageId === pageId) &&
    (tagName === null || element.tagName.toLowerCase() === tagName.toLowerCase()) &&
    (capturedById === null || element.capturedBy.id === capturedById) &&
    (createdAfter === null || element.createdAt > createdAfter) &&
    (createdBefore === null || element.createdAt < createdBefore);
}

Deno.test("elements() lets through what fits every part of the filter, with a search or without, in each order", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  const other = await addPerson(app);
  const projects = [await createProject(app, app.token, "A"), await createProject(app, app.token, "B")];
  for (const projectId of projects) setMember(app, { projectId, personId: other.id, role: "EDITOR" });
  const oneOf = <T>(values: T[], index: number) => values[index % values.length] as T;
  const urls = ["https://a.example/100%/x", "https://a.example/1000/x", "https://a.example/100_", "https://b.example/"];
  const statuses = ["OPEN", "ACKNOWLEDGED", "RESOLVED", "DISMISSED"];
  const all: Data[] = [];
  for (let index = 0; index < 24; index++) {
    clock.advance(1_000);
    const input = captureInput({
      projectId: oneOf(projects, index),
      pageUrl: oneOf(urls, index),
      pageId: oneOf(["tab-1", "tab-2", undefined], index),
      tagName: oneOf(["BUTTON", "button", "A", "svg:a", "É"], index),
      note: oneOf(["tax total", "taxes", "none of it"], Math.floor(index / 2)),
    });
    const token = index % 3 === 0 ? other.token : app.token;
    const { captureElement } = await app.ask(CAPTURE, { input }, token);
    const update = `mutation ($id: ID!, $status: ElementStatus) { updateElement(input: { id: $id, status: $status }) {
      id status pageUrl pageId tagName note createdAt capturedBy { id } project { id } } }`;
    const status = oneOf(statuses, Math.floor(index / 5));
    all.unshift((await app.ask(update, { id: captureElement.id, status }, app.token)).updateElement);
  }
  const ids = [...new Set(all.map(({ capturedBy }) => capturedBy.id))];
  assert.equal(ids.length, 2);
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 2 });
  const times = fc.constantFrom(...all.map(({ createdAt }) => createdAt));
  const filters = fc.record({
    status: maybe(fc.subarray(statuses)),
    pageUrlPrefix: maybe(
      fc.constantFrom("", "https://a.example/100%", "https://a.example/100_", "https://a.", "HTTPS://A"),
    ),
    pageId: maybe(fc.constantFrom("tab-1", "tab-2", "tab")),
    tagName: maybe(fc.constantFrom("button", "a", "SVG:A", "%")),
    capturedById: maybe(fc.constantFrom(...ids)),
    createdAfter: maybe(times),
    createdBefore: maybe(times),
  });
  const sent = fc.record({
    filter: fc.oneof({ weight: 1, arbitrary: fc.constant({}) }, { weight: 9, arbitrary: filters }),
    projectId: maybe(fc.constantFrom(...projects)),
    search: maybe(fc.constantFrom("tax", "total", "taxes")),
    orderBy: fc.constantFrom("CREATED_AT_DESC", "RELEVANCE"),
  });
  let found = 0;
  await fc.assert(
    fc.asyncProperty(sent, async ({ filter, projectId, search, orderBy }) => {
      const whole = { status: null, pageUrlPrefix: null, pageId: null, tagName: null, capturedById: null, ...filter };
      const expected = all.filter((element) =>
        fits(element, { createdAfter: null, createdBefore: null, ...whole }) &&
        (projectId === null || element.project.id === projectId) &&
        (search === null || element.note.split(" ").some((word: string) => word.startsWith(search)))
      ).map(({ id }) => id);
      const { elements } = await app.ask(LIST, { filter, projectId, search, orderBy }, app.token);
      const listed = elements.edges.map(({ node }: Data) => node.id);
      assert.equal(elements.totalCount, expected.length);
      if (search === null || orderBy === "CREATED_AT_DESC") assert.deepEqual(listed, expected);
      else assert.deepEqual(listed.toSorted(), expected.toSorted());
      if (expected.length > 0 && expected.length < all.length) found++;
    }),
    { numRuns: 150 },
  );
  assert.ok(found > 20, `${found} told something`);
});
