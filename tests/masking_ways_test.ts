import assert from "node:assert/strict";
import { captureInput, createProject } from "./support/captures.ts";
import { openGraphqlPage } from "./support/graphql_page.ts";
import { captureOn } from "./support/live_room.ts";
import { made } from "./support/masking_cases.ts";
import { MCP_CLIENTS } from "./support/mcp_client.ts";
import { joinRoom } from "./support/rooms.ts";
import { ADMIN, clientOf, type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { findInFiles, findInText } from "./support/secret_places.ts";
import { listening, startTask } from "./support/started_task.ts";
import { subscribe } from "./support/subscription.ts";
import { runTask } from "./support/tasks.ts";
import { connectPage } from "./support/werift_page.ts";

const NOTE = "Why is ?token=a1b2c3d4e5f6 shown here?";
const EVENTS =
  `subscription ($projectId: ID!) { elementEvents(projectId: $projectId, after: 0) { revision kind element {
  id html text selector pageUrl pageTitle domId classNames attributes computedStyles accessibility { name } component { name file }
} } }`;
const EVERYTHING = `{ elements(first: 100) { edges { node {
  id html text selector pageUrl pageTitle domId classNames attributes computedStyles note accessibility { role name description }
  component { framework name file } comments { body } } } } livePages { url title } }`;

/** What a page says of an element, with a secret of its own for each way in every field that may hold one. */
function secretsOf(way: string): { fields: Record<string, unknown>; secrets: string[] } {
  const password = `pw-${made(way, 12)}`;
  const token = made("gh" + `p_${way}`, 34);
  const signature = made(`${way}sig`, 40);
  const fields = {
    pageUrl: `https://shop.example/in?step=2&access_token=${signature}&lang=en`,
    pageTitle: `Sign in ${token}`,
    selector: `form > input[value="${password}"]`,
    tagName: "INPUT",
    domId: token,
    classNames: ["field", token],
    attributes: { type: "password", value: password, "data-token": signature },
    text: `Shown: ${password}, ${token}`,
    html: `<input type="password" class="field" value="${password}" data-token="${signature}">`,
    computedStyles: { "background-image": `url("https://cdn.example/a.png?sig=${signature}")`, color: "red" },
    accessibility: { role: "textbox", name: `Password ${password}` },
    component: { framework: "react", name: "Field", file: `src/Field.tsx?token=${signature}`, line: 1, column: 1 },
  };
  return { fields, secrets: [password, token, signature] };
}

const MASKED = {
  html: `<input type="password" class="field" value="[masked:password]" data-token="[masked:token]">`,
  pageUrl: "https://shop.example/in?step=2&access_token=[masked:token]&lang=en",
  selector: `form > input[value="[masked:password]"]`,
  text: "Shown: [masked:password], [masked:token]",
  attributes: { type: "password", value: "[masked:password]", "data-token": "[masked:token]" },
};

function assertMasked(element: Data, way: string): void {
  const { html, pageUrl, selector, text, attributes } = element;
  assert.deepEqual({ html, pageUrl, selector, text, attributes }, MASKED, way);
}

Deno.test("no secret of a capture is stored, logged, told to watchers or answered, whichever way it came", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_masking_" });
  try {
    const secrets = await seed(dataDir);
    await using server = startTask({
      FINGERPOST_DATA_DIR: dataDir,
      FINGERPOST_LOG_LEVEL: "debug",
      FINGERPOST_LOG_FORMAT: "json",
    });
    const url = await listening(server);
    const client = clientOf(url);
    const signIn = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;
    const token = (await client.ask(signIn, { input: ADMIN })).signIn.token;
    const app = { url, dataDir, token, ...client } as RunningApp;
    const projectId = await createProject(app, token);
    await using events = subscribe(app, { query: EVENTS, variables: { projectId }, token });
    secrets.push(...await useEachWay(app, projectId));
    const told: Data[] = [];
    do told.push(await events.next()); while (!told.some(({ element }) => element.text === "The end"));
    const answers = [await app.ask(EVERYTHING, {}, token), await askTools(app)];
    // What is still in the write-ahead log is looked for too.
    const stored = findInFiles(dataDir, secrets);
    server.kill("SIGTERM");
    const { stdout, stderr } = await server.end();
    const places = { told, answers, log: stdout + stderr };
    for (const [place, found] of Object.entries(places)) {
      assert.deepEqual(findInText(place, JSON.stringify(found), secrets), [], place);
    }
    assert.deepEqual([...stored, ...findInFiles(dataDir, secrets)], []);
    assert.match(JSON.stringify(answers), /\[masked:password\].*\[masked:token\]/);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

/** A seed goes the same way. */
async function seed(dataDir: string): Promise<string[]> {
  const { fields, secrets } = secretsOf("seed");
  const file = `${dataDir}/seed.json`;
  const element = { ...captureInput(fields), project: "Site", capturedBy: ADMIN.email };
  const users = [{ ...ADMIN, name: "Ada", role: "ADMIN" }];
  await Deno.writeTextFile(
    file,
    JSON.stringify({ users, projects: [{ name: "Site", owner: ADMIN.email }], elements: [element] }),
  );
  const { code, stderr } = await runTask("db:seed", ["--file", file], dataDir);
  assert.equal(code, 0, stderr);
  await Deno.remove(file);
  return secrets;
}

/** Captures, live updates, answers of commands and names of pages, over HTTP, the data channel and channel messages. */
async function useEachWay(app: RunningApp, projectId: string): Promise<string[]> {
  const secrets: string[] = [];
  const saying = (way: string) => {
    const said = secretsOf(way);
    secrets.push(...said.secrets);
    return said.fields;
  };
  await captureOverHttp(app, { projectId, ...saying("http") });
  await using peer = await joinRoom(app, app.token, { projectId });
  await using channelPage = await connectPage(peer);
  await using otherPeer = await joinRoom(app, app.token, { projectId });
  await using graphqlPage = await openGraphqlPage(app, app.token, otherPeer);
  for (const [name, page] of [["rtc", channelPage], ["msg", graphqlPage]] as const) {
    const { pageUrl, pageTitle } = saying(`${name}page`);
    await page.say({ type: "page", id: "1", pageId: name, url: pageUrl, title: pageTitle });
    const elementId = await captureOn(page, { projectId, pageId: name, ...saying(`${name}capture`) });
    await page.say({ type: "update", id: "2", elementId, ...saying(`${name}update`) });
    assert.equal((await page.ask({ type: "ping", id: "3" })).type, "pong");
    const command = `mutation ($id: ID!) { commandElement(input: { elementId: $id, command: INSPECT }) {
      html pageUrl selector text attributes } }`;
    const inspected = app.ask(command, { id: elementId }, app.token);
    const { id } = await page.heard();
    await page.say({ type: "result", id, elementId, ...saying(`${name}inspect`) });
    assertMasked((await inspected).commandElement, name);
  }
  const { livePages } = await app.ask(`{ livePages { url title } }`, {}, app.token);
  const shown = { url: MASKED.pageUrl, title: "Sign in [masked:token]" };
  assert.deepEqual(livePages, [shown, shown]);
  await captureOverHttp(app, { projectId, text: "The end" });
  return secrets;
}

async function captureOverHttp(app: RunningApp, fields: Record<string, unknown>): Promise<void> {
  const query = `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id } }`;
  await app.ask(query, { input: captureInput(fields) }, app.token);
}

async function askTools(app: RunningApp): Promise<Data> {
  await using client = await MCP_CLIENTS["2026-07-28"](app, app.token);
  return [await client.call("get_pointed_element"), await client.call("list_elements")];
}

Deno.test("what a person says, in notes and comments, is not masked", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const query = `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id note } }`;
  const { id, note } = (await app.ask(query, { input: captureInput({ note: NOTE }) }, app.token)).captureElement;
  assert.equal(note, NOTE);
  const say = `mutation ($id: ID!, $said: String!) {
    updateElement(input: { id: $id, note: $said }) { note }
    addComment: commentOnElement(input: { elementId: $id, body: $said }) { comments { body } } }`;
  const said = await app.ask(say, { id, said: NOTE }, app.token);
  assert.deepEqual([said.updateElement.note, said.addComment.comments], [NOTE, [{ body: NOTE }]]);
});

Deno.test("a masked page's address stays usable: elements are found by it as the page has it and as it is shown", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const address = "https://shop.example/in?step=2&token=a1b2c3d4e5f6&lang=en#top";
  await captureOverHttp(app, { pageUrl: address });
  await captureOverHttp(app, { pageUrl: "https://shop.example/in?step=2&token=f6e5d4c3b2a1&lang=de" });
  const query =
    `query ($prefix: String!) { elements(filter: { pageUrlPrefix: $prefix }) { edges { node { pageUrl } } } }`;
  const found = async (prefix: string) => {
    const { elements } = await app.ask(query, { prefix }, app.token);
    return elements.edges.map(({ node }: Data) => node.pageUrl);
  };
  const masked = "https://shop.example/in?step=2&token=[masked:token]&lang=en#top";
  for (const prefix of [address, masked]) assert.deepEqual(await found(prefix), [masked]);
  for (const prefix of ["https://shop.example/in?step=2", "https://shop.example/in?step=2&token="]) {
    assert.equal((await found(prefix)).length, 2, prefix);
  }
  const { pathname, searchParams, hash } = new URL(masked);
  assert.deepEqual([pathname, [...searchParams.keys()], hash], ["/in", ["step", "token", "lang"], "#top"]);
});

Deno.test("a password that is typed on and on changes nothing of a live element, so that nobody is told how long it is", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  await using peer = await joinRoom(app, app.token, { projectId });
  await using page = await openGraphqlPage(app, app.token, peer);
  const typed = (value: string) => ({
    html: `<input type="password" value="${value}">`,
    attributes: { type: "password", value },
  });
  const elementId = await captureOn(page, { projectId, ...typed("hunter2-a") });
  for (const value of ["hunter2-ab", "hunter2-abc"]) {
    await page.say({ type: "update", id: value, elementId, attributes: typed(value).attributes });
    await page.ask({ type: "ping", id: "p" });
  }
  const { element } = await app.ask(
    `query ($id: ID!) { element(id: $id) { revision html } }`,
    { id: elementId },
    app.token,
  );
  assert.deepEqual(element, { revision: 1, html: `<input type="password" value="[masked:password]">` });
});
