import { addressOf, titleOf } from "../clients/capture/page_facts.ts";
import type { FrameFacts } from "./_messages.ts";

type Sender = chrome.runtime.MessageSender | undefined;

/**
 * What a frame says it is, as far as the browser bears it out. Content scripts run in the page's process: one that was broken into
 * would else be told what was captured in another page, or speak for the whole tab.
 */
export function readFacts({ url, title, nonce }: FrameFacts, sender: Sender): FrameFacts {
  const [said, known] = [addressOf(String(url)), addressOf(sender?.url ?? "")];
  return {
    url: [originOf(known), sender?.origin].includes(originOf(said)) ? said : known,
    title: titleOf(String(title)),
    isTop: sender?.frameId === 0,
    nonce: String(nonce).slice(0, 36),
  };
}

function originOf(url: string): string | undefined {
  return URL.parse(url)?.origin;
}
