// A page that is pointed in, without the pointer: captures an element, keeps it fresh and does what is asked.
import { connectFingerpost } from "../../clients/browser/fingerpost.ts";
import { describeElement } from "../../clients/capture/capture.ts";
import { fingerprintOf } from "../../clients/capture/fingerprint.ts";
import { createCamera } from "../../clients/capture/screenshot.ts";
import { createStage } from "../../clients/capture/screenshot_stage.ts";
import { createCommands } from "../../clients/pointer/commands.ts";
import { createLiveElements } from "../../clients/pointer/live.ts";

const highlighted = [];
const camera = createCamera(async () =>
  await (await fetch(`data:image/png;base64,${await globalThis.takeVisible()}`)).blob()
);

/** Connects; settles when the server is reached. */
globalThis.startShop = ({ url, token, projectId, pageId }) =>
  new Promise((resolve) => {
    const live = createLiveElements(globalThis.window, {
      update: (elementId, change) => client.update(elementId, change),
      stale: (elementId) => client.stale(elementId),
      found: () => {},
    });
    const client = connectFingerpost({
      url,
      token,
      projectId,
      label: "Shop",
      page: () => ({ pageId, url: location.href, title: document.title }),
      onCommand: createCommands({
        live,
        pointer: { highlight: (element) => highlighted.push(element.id) },
        screenshot: (element) => camera.take([createStage(element, (during) => during())]),
      }),
      onStateChange: (state) => state === "webrtc" && resolve(),
    });

    /** Captures an element; answers what finds it again after a reload. */
    globalThis.point = async (element) => {
      const known = describeElement(element);
      const { elementId } = await client.capture({ ...known, note: "Look" });
      const held = { elementId, selector: known.selector, fingerprint: fingerprintOf(element) };
      live.add({ ...held, element, known });
      return held;
    };

    globalThis.lookFor = (held) => live.add({ ...held, element: null });
    /** From now on nothing is told, so that the server knows nothing of what becomes of the elements. */
    globalThis.beSilent = () => void live.pauseWhile(() => new Promise(() => {}));
    globalThis.highlighted = highlighted;
  });
