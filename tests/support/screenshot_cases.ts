/** An element of which a screenshot is compared with what Playwright takes of it. */
export interface ScreenshotCase {
  name: string;
  html: string;
  /** A CSS selector for each document or shadow root on the way. */
  selector: string;
  /** How Playwright is told where it is: its own selectors pierce shadow roots, and frames are entered by name. */
  frames?: string[];
  /** What lies over the element, and is not part of its picture. */
  over?: string;
  /** It begins at the page's left or upper edge: there is nothing around it there. */
  isAtLeft?: boolean;
  isAtTop?: boolean;
  /** How many pictures of the screen it takes: more than one are put together. */
  pictures: number;
}

const lines = (count: number) =>
  Array.from({ length: count }, (_, index) => `<p>Line ${index} of the text, <b>in bold: ${index * 7}</b></p>`).join(
    "",
  );
const HEADER = `<header class="header" style="position: sticky">A sticky header</header>`;
const FIXED = `<header class="header" style="position: fixed; left: 0; right: 0">A fixed header</header>`;
const attribute = (html: string) => html.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
const FRAME = `<style>${"body { margin: 0; font: 15px sans-serif }"}</style><div style="height: 700px"></div>
  <button id="inner" class="stripes" style="margin: 21.5px; width: 120px; height: 45px">In a frame</button>${lines(9)}`;

/** Elements in the places in which people point at them. */
export const SCREENSHOT_CASES: ScreenshotCase[] = [
  {
    name: "in view",
    html: `<div class="card" id="it"><h2>Card</h2><button>Buy</button></div>`,
    selector: "#it",
    pictures: 1,
  },
  {
    name: "at the page's corner",
    html: `<div id="it" style="width: 90px; border: 3px solid">Corner</div>${lines(3)}`,
    selector: "#it",
    isAtLeft: true,
    isAtTop: true,
    pictures: 1,
  },
  {
    name: "an SVG element between pixels",
    html:
      `<svg width="90.5" height="60" style="margin: 33.3px"><circle id="it" cx="40" cy="30" r="25.4" fill="#b58900"/></svg>`,
    selector: "#it",
    pictures: 1,
  },
  {
    name: "a canvas",
    html: `<canvas class="stripes" id="it" width="120" height="80" style="margin: 30px"></canvas>`,
    selector: "#it",
    pictures: 1,
  },
  {
    name: "a wrapped inline link",
    html:
      `<p style="width: 300px; margin: 40px">Some <a id="it" href="#">link over more than one line as it is long</a> text.</p>`,
    selector: "#it",
    pictures: 1,
  },
  {
    name: "turned and scaled",
    html: `<div class="card stripes" id="it" style="rotate: 20deg; scale: 1.3; margin: 150px">Turned</div>`,
    selector: "#it",
    pictures: 1,
  },
  {
    name: "below the view, in a page that was scrolled",
    html: `${HEADER}${lines(60)}<div class="card" id="it">Far below</div>${lines(20)}`,
    selector: "#it",
    over: "header",
    pictures: 1,
  },
  {
    name: "in a scrolled container in another",
    html: `<div style="overflow: auto; height: 300px; margin: 20px; border: 5px solid #2aa198">${lines(20)}
      <div style="overflow: auto; height: 150px; width: 300px">${
      lines(20)
    }<div id="it" class="stripes" style="height: 80px; margin: 20px">
      Item</div>${lines(10)}</div>${lines(20)}</div>`,
    selector: "#it",
    pictures: 1,
  },
  {
    name: "taller than the view, with a sticky header",
    html: `${HEADER}<div id="it" class="card stripes" style="width: 700px">${lines(60)}</div>${lines(3)}`,
    selector: "#it",
    over: "header",
    pictures: 4,
  },
  {
    name: "wider than the view, under a fixed header",
    html: `${FIXED}<div id="it" class="stripes" style="width: 2300px; height: 120px; margin: 90px 0">Wide</div>`,
    selector: "#it",
    over: "header",
    isAtLeft: true,
    pictures: 3,
  },
  {
    name: "in an open shadow root",
    html:
      `<div id="host"><template shadowrootmode="open"><style>b { display: inline-block; padding: 9px; background: #859900 }</style>
      <p style="margin: 50px">Before <b id="it">in a shadow</b></p></template></div>`,
    selector: "#host #it",
    pictures: 1,
  },
  {
    name: "scrolled to in a frame in a frame",
    html: `${lines(30)}<iframe style="width: 600px; height: 300px; margin: 30px; border: 3px solid" srcdoc="${
      attribute(
        `${lines(10)}<iframe style="width: 400px; height: 200px; padding: 5px" srcdoc="${attribute(FRAME)}"></iframe>`,
      )
    }"></iframe>`,
    selector: "iframe iframe #inner",
    frames: ["iframe", "iframe"],
    pictures: 1,
  },
  {
    name: "in a dialog over the page",
    html: `${lines(50)}<dialog class="card" style="margin: 100px"><p id="it">Sure?</p></dialog>
      <script>document.querySelector("dialog").showModal()</script>`,
    selector: "#it",
    pictures: 1,
  },
  {
    name: "a page with CSS zoom",
    html: `<style>html { zoom: 1.3 }</style>${lines(30)}<div class="card stripes" id="it">Zoomed</div>${lines(9)}`,
    selector: "#it",
    pictures: 1,
  },
];
