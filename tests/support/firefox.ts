import { buildExtension, writeExtension } from "../../extension/build.ts";
import { connectMarionette, type Marionette } from "./marionette.ts";
import { isFile, testNeeding } from "./needed_program.ts";
import { until } from "./pointing.ts";

/** Firefox with the extension in it, as a person has it. Playwright takes only builds of its own, so that Marionette drives it. */
export interface Firefox {
  /** Shows a page in a new tab. */
  open(url: string): Promise<void>;
  /** Shows the extension's window in a new tab. */
  openPopup(): Promise<void>;
  /** The text of the shown page's element; empty where there is none. */
  text(selector: string): Promise<string>;
  has(selector: string): Promise<boolean>;
  fill(selector: string, text: string): Promise<void>;
  /** Clicks an element with the mouse. */
  click(selector: string): Promise<void>;
  /** Presses keys, one after the other, and Enter. */
  typeLine(text: string): Promise<void>;
  /** Clicks the extension's button in the toolbar. */
  clickButton(): Promise<void>;
  reload(): Promise<void>;
}

const PLACES = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
const ID = "pointer@fingerpost.example";
const ENTER = "\uE007";
/** What stands for an element. WebDriver §12.1 */
const ELEMENT_KEY = "element-6066-11e4-a52e-4f735466cecf";
const SCRIPT_TIMEOUT_MS = 10_000;
const BUTTON = `
  const done = arguments[arguments.length - 1];
  const { ExtensionParent } = ChromeUtils.importESModule("resource://gre/modules/ExtensionParent.sys.mjs");
  const { extension } = WebExtensionPolicy.getByID("${ID}");
  const button = ExtensionParent.apiManager.global.browserActionFor(extension);
  button.triggerAction(Services.wm.getMostRecentWindow("navigator:browser"));
  done(null);`;

const named = Deno.env.get("FIREFOX_PATH");
const absence = "no Firefox; FIREFOX_PATH says where one is";
const executable = (named ? [named] : PLACES).find(isFile);
/** Built outside of any test: esbuild keeps a process. */
const files = executable === undefined ? new Map<string, Uint8Array>() : await buildExtension("firefox");

/** Registers a test in a new Firefox with the extension in it. */
export function firefoxTest(name: string, test: (firefox: Firefox) => Promise<void>): void {
  testNeeding({ missing: executable === undefined ? absence : null }, name, async () => {
    if (executable === undefined) throw new Error(absence);
    const folder = await Deno.makeTempDir({ prefix: "fingerpost_firefox_" });
    const profile = `${folder}/profile`;
    await writeExtension(files, `${folder}/extension`);
    await Deno.mkdir(profile);
    await Deno.writeTextFile(`${profile}/user.js`, `user_pref("marionette.port", 0);\n`);
    const args = ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", profile];
    const child = new Deno.Command(executable, { args, stdout: "null", stderr: "null" }).spawn();
    try {
      using marionette = await connectMarionette(await portOf(profile));
      await test(await drive(marionette, `${folder}/extension`));
    } finally {
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    }
  });
}

async function drive({ send }: Marionette, extension: string): Promise<Firefox> {
  await send("WebDriver:NewSession", { capabilities: { alwaysMatch: {} } });
  await send("WebDriver:SetTimeouts", { script: SCRIPT_TIMEOUT_MS });
  await send("Addon:Install", { path: extension, temporary: true });
  const host = await inBrowser(
    `arguments[arguments.length - 1](WebExtensionPolicy.getByID("${ID}").mozExtensionHostname)`,
  );
  return {
    open,
    openPopup: () => open(`moz-extension://${host}/popup.html`),
    text: (selector) => inPage(`return document.querySelector(arguments[0])?.innerText ?? ""`, selector),
    has: (selector) => inPage(`return document.querySelector(arguments[0]) !== null`, selector),
    async fill(selector, text) {
      const id = await find(selector);
      await send("WebDriver:ElementClear", { id });
      await send("WebDriver:ElementSendKeys", { id, text });
    },
    click,
    typeLine,
    clickButton: () => inBrowser(BUTTON),
    reload: () => send("WebDriver:Refresh"),
  };

  async function open(url: string): Promise<void> {
    const { handle } = await send("WebDriver:NewWindow", { type: "tab" });
    await send("WebDriver:SwitchToWindow", { handle });
    await send("WebDriver:Navigate", { url });
  }

  // Wherever it is: what lies over an element gets the click, as from a person.
  async function click(selector: string): Promise<void> {
    const origin = { [ELEMENT_KEY]: await find(selector) };
    const actions = [
      { type: "pointerMove", x: 0, y: 0, origin },
      { type: "pointerDown", button: 0 },
      { type: "pointerUp", button: 0 },
    ];
    await send("WebDriver:PerformActions", { actions: [{ type: "pointer", id: "mouse", actions }] });
  }

  async function find(value: string): Promise<string> {
    const [id] = Object.values(await send("WebDriver:FindElement", { using: "css selector", value }));
    return String(id);
  }

  async function inPage<Result>(script: string, ...args: unknown[]): Promise<Result> {
    return await send("WebDriver:ExecuteScript", { script, args });
  }

  // With the rights of Firefox's own windows.
  async function inBrowser<Result>(script: string): Promise<Result> {
    await send("Marionette:SetContext", { value: "chrome" });
    const result = await send("WebDriver:ExecuteAsyncScript", { script, args: [] });
    await send("Marionette:SetContext", { value: "content" });
    return result;
  }

  async function typeLine(text: string): Promise<void> {
    const actions = [...text, ENTER].flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]);
    await send("WebDriver:PerformActions", { actions: [{ type: "key", id: "keys", actions }] });
  }
}

// Firefox writes down which port it took.
async function portOf(profile: string): Promise<number> {
  const path = `${profile}/MarionetteActivePort`;
  await until(() => Promise.resolve(isFile(path) && Deno.readTextFileSync(path) !== ""), "Firefox listens");
  return Number(Deno.readTextFileSync(path));
}
