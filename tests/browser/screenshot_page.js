// A page that takes screenshots of itself, with a picture of the screen from outside.
import { createCamera } from "../../clients/capture/screenshot.ts";
import { createPicture } from "../../clients/capture/screenshot_picture.ts";
import { createStage } from "../../clients/capture/screenshot_stage.ts";

let camera = null;

/** Takes screenshots of elements at once; what hides the overlay is counted. */
globalThis.shoot = async (selectors) => {
  camera ??= createCamera(async () => {
    const base64 = await globalThis.takeVisible();
    return await (await fetch(`data:image/png;base64,${base64}`)).blob();
  });
  const hideWhile = async (during) => {
    document.querySelector("#overlay")?.style.setProperty("display", "none");
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    try {
      return await during();
    } finally {
      document.querySelector("#overlay")?.style.removeProperty("display");
    }
  };
  const results = selectors.map((selector) => camera.take(stagesOf(find(selector), hideWhile)));
  return await Promise.all(results);
};

/** Puts together a picture that nothing makes small. */
globalThis.encodeNoise = async ({ width, height }) => {
  const noise = new ImageData(width, height);
  for (let at = 0; at < noise.data.length; at += 60_000) crypto.getRandomValues(noise.data.subarray(at, at + 60_000));
  const picture = createPicture({ width, height }, 1);
  picture.add(await createImageBitmap(noise), { x: 0, y: 0, width, height }, { x: 0, y: 0 });
  return await picture.encode(height);
};

/** Where all is scrolled to, the HTML, and what is to be seen, in the frames too. */
globalThis.pageState = () => stateOf(document);

let places = [];

/** Remembers where all is scrolled to; `scrollBack` puts it there again. */
globalThis.keepPlaces = () => {
  places = scrollersOf(document).map((element) => ({ element, left: element.scrollLeft, top: element.scrollTop }));
};

globalThis.scrollBack = () => {
  for (const { element, left, top } of places) element.scrollTo({ left, top, behavior: "instant" });
};

function scrollersOf(document) {
  const frames = [...document.querySelectorAll("iframe")];
  const inFrames = frames.flatMap(({ contentDocument }) => scrollersOf(contentDocument));
  return [document.documentElement, ...document.querySelectorAll("*"), ...inFrames];
}

function stateOf(document) {
  const all = [document.documentElement, ...document.querySelectorAll("*")];
  return {
    html: document.documentElement.outerHTML,
    scrolled: all.map(({ scrollLeft, scrollTop }) => `${scrollLeft},${scrollTop}`).join(" "),
    opacity: all.map((element) => getComputedStyle(element).opacity).join(" "),
    frames: [...document.querySelectorAll("iframe")].map(({ contentDocument }) => stateOf(contentDocument)),
  };
}

function find(selector) {
  let scope = document;
  for (const part of selector.split(" ")) {
    const found = scope.querySelector(part);
    scope = found.shadowRoot ?? found.contentDocument ?? found;
    if (part === selector.split(" ").at(-1)) return found;
  }
}

function stagesOf(element, hideWhile) {
  const stages = [createStage(element, hideWhile)];
  for (
    let frame = element.ownerDocument.defaultView.frameElement;
    frame;
    frame = frame.ownerDocument.defaultView.frameElement
  ) {
    stages.push(createStage(frame, hideWhile));
  }
  return stages;
}
