/** Texts that must not come to light, each unlike any other; `MARK` is in every one. */
export const MARK = "zqx";

/** What only whoever typed it may know. */
export const PASSWORDS = {
  admin: "zqx-password-of-the-admin-4182",
  next: "zqx-password-that-comes-next-7733",
  refused: "zqx-password-too-long-to-be-taken-".repeat(4),
  created: "zqx-password-of-somebody-new-9054",
  guessed: "zqx-password-guessed-wrongly-2217",
  asEmail: "zqx-password-typed-as-email-6391",
};

/** What an admin seals. */
export const SEALED = { secret: "zqx-secret-of-the-turn-servers-5520", name: "zqx-name-sealed-on-demand-1846" };

/** What a page or a person said: in the elements' own tables and nowhere else. */
export const CONTENT = {
  html: "zqx-content-html-1001",
  text: "zqx-content-text-1002",
  note: "zqx-content-note-1003",
  selector: "zqx-content-selector-1004",
  attribute: "zqx-content-attribute-1005",
  style: "zqx-content-style-1006",
  url: "zqx-content-url-1007",
  title: "zqx-content-title-1008",
  file: "zqx-content-file-1009",
  label: "zqx-content-accessible-name-1010",
  comment: "zqx-content-comment-1011",
  changed: "zqx-content-changed-note-1012",
  search: "zqx-content-search-1013",
  refused: "zqx-content-refused-1014",
};

/** What is neither kept nor logged: said to peers, or to no field that knows it. */
export const PASSING = {
  sdp: "zqx-passing-sdp-2001",
  candidate: "zqx-passing-candidate-2002",
  argument: "zqx-passing-argument-2003",
  body: "zqx-passing-body-2004",
  query: "zqx-passing-query-2005",
};

/** A capture that has a mark in each of its texts. */
export function markedCapture(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    clientId: crypto.randomUUID(),
    pageUrl: `https://shop.example/?token=${CONTENT.url}`,
    pageTitle: CONTENT.title,
    pageId: "tab-1",
    selector: `#${CONTENT.selector}`,
    tagName: "BUTTON",
    html: `<p>${CONTENT.html}</p>`,
    text: CONTENT.text,
    note: CONTENT.note,
    attributes: { value: CONTENT.attribute },
    computedStyles: { "--token": CONTENT.style },
    box: { x: 0, y: 0, width: 1, height: 1 },
    accessibility: { role: "button", name: CONTENT.label },
    component: { framework: "react", name: "Pay", file: CONTENT.file, line: 1, column: 1 },
    ...fields,
  };
}
