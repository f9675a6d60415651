import type { RunningApp } from "./running_app.ts";

/** A `CaptureElementInput` with every required field; a new `clientId` each time. */
export function captureInput(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    clientId: crypto.randomUUID(),
    pageUrl: "https://shop.example/cart?step=2#pay",
    selector: "main > button.pay",
    tagName: "BUTTON",
    html: `<button class="pay">Pay now</button>`,
    box: { x: 10.5, y: -20, width: 120.25, height: 32 },
    ...fields,
  };
}

/** A capture with every field of the contract. */
export function fullCaptureInput(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return captureInput({
    pageTitle: "Cart · Shop",
    pageId: "tab-7",
    domId: "pay",
    classNames: ["pay", "btn", "btn--primary"],
    attributes: {
      id: "pay",
      class: "pay btn",
      "data-total": "12,50 €",
      ["__proto__"]: "own",
      z: "",
      a: "1",
    },
    text: "Pay now \u{1F4B3}",
    html: `<button id="pay" class="pay btn btn--primary">Pay now \u{1F4B3}<!-- é --></button>`,
    computedStyles: {
      display: "inline-flex",
      color: "rgb(1, 2, 3)",
      "--brand": " #fff",
      "font-family": `"Inter", serif`,
    },
    viewport: { width: 1280, height: 720, scrollX: 0, scrollY: 133.5, devicePixelRatio: 1.25 },
    accessibility: { role: "button", name: "Pay now" },
    component: { framework: "react", name: "PayButton", file: "src/cart/PayButton.tsx", line: 42, column: 7 },
    note: "Make this line up with the total.\nAnd larger.",
    ...fields,
  });
}

/** Makes a project for the holder of a token and returns its global id. */
export async function createProject(app: Pick<RunningApp, "ask">, token: string, name = "Shop"): Promise<string> {
  const query = `mutation ($input: CreateProjectInput!) { createProject(input: $input) { id } }`;
  return (await app.ask(query, { input: { name } }, token)).createProject.id;
}

/** The selection of all that a capture holds. */
export const ELEMENT_FIELDS = `
  id revision pageUrl pageTitle pageId selector tagName domId classNames attributes text html htmlByteSize computedStyles
  box { x y width height } viewport { width height scrollX scrollY devicePixelRatio } accessibility { role name }
  component { framework name file line column } screenshot { url mimeType width height byteSize } note status staleSince
  comments { body author { name } } project { id } capturedBy { id } createdAt updatedAt`;

/** The mutation that captures and answers with everything. */
export const CAPTURE =
  `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { ${ELEMENT_FIELDS} } }`;

/** Captures and returns the element's global id. */
export async function capture(app: RunningApp, token: string, input = captureInput()): Promise<string> {
  return (await app.ask(CAPTURE, { input }, token)).captureElement.id;
}

/** Makes an access token and returns it. */
export async function createAccessToken(
  app: Pick<RunningApp, "ask">,
  token: string,
  input: { scopes: string[]; projectId?: string; expiresAt?: string },
): Promise<string> {
  const query = `mutation ($input: CreateAccessTokenInput!) { createAccessToken(input: $input) { token } }`;
  return (await app.ask(query, { input: { name: "test", ...input } }, token)).createAccessToken.token;
}
