// What tests drive in a page of what the capture library does.
import { changedFields, describeElement } from "../../clients/capture/capture.ts";
import { findAgain, fingerprintOf } from "../../clients/capture/fingerprint.ts";
import { findElement, framePathOf, selectorFor } from "../../clients/capture/selector.ts";

globalThis.capture = {
  changedFields,
  describeElement,
  findAgain,
  findElement,
  fingerprintOf,
  framePathOf,
  selectorFor,
};
