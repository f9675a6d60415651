import { listenToBrowser } from "./_browser_events.ts";
import { answerAs, callHere } from "./_calls.ts";
import { startHub } from "./hub.ts";

// Firefox's background page: it has WebRTC itself, so that worker and hub are one document.

const { methods } = listenToBrowser({ hub: callHere(() => hub), wake: async () => void await hub });
const hub = startHub(callHere(() => Promise.resolve(methods)));
answerAs("worker", methods);
