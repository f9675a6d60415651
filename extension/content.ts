import { startFrame } from "./_frame.ts";

// Runs in each frame that the extension may enter, in a world of its own. It is put in again after each load, and again while pointing.

const MARK = "fingerpostFrame";
const isThere = Reflect.get(globalThis, MARK);
if (typeof isThere !== "function" || !isThere()) Reflect.set(globalThis, MARK, startFrame(window));
