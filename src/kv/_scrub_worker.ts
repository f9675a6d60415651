// A worker thread that writes the key-value file anew, so that the event loop does not wait for it.
import { scrub } from "./scrubbing.ts";

declare const self: {
  onmessage: ((event: MessageEvent<string>) => void) | null;
  postMessage(reason: string | null): void;
};

self.onmessage = ({ data }) => {
  try {
    scrub(data);
    self.postMessage(null);
  } catch (error) {
    self.postMessage(error instanceof Error ? error.message : String(error));
  }
};
