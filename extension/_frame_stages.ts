import { createStage, type HideWhile, type Stage } from "../clients/capture/screenshot_stage.ts";
import type { FrameMethods } from "./_messages.ts";

type StageMethods = Pick<FrameMethods, "stageBegin" | "stageClear" | "stageScroll" | "stageEnd">;

interface Dependencies {
  /** The element of a capture, or the frame with a nonce; null: not here. */
  elementOf: (key: string) => Element | null;
  hideWhile: HideWhile;
}

/** A frame's part in screenshots, asked for from the hub. */
export function createFrameStages({ elementOf, hideWhile }: Dependencies): StageMethods {
  const stages = new Map<string, Stage>();
  return { stageBegin, stageClear, stageScroll, stageEnd };

  async function stageBegin(key: string) {
    const element = elementOf(key);
    if (element === null) throw new Error("The page no longer holds the element");
    await stages.get(key)?.end();
    const stage = createStage(element, hideWhile);
    stages.set(key, stage);
    return await stage.begin();
  }

  function stageClear(key: string, isScrolled: boolean) {
    return stageOf(key).clear(isScrolled);
  }

  function stageScroll(key: string, places: Parameters<Stage["scroll"]>[0]) {
    return stageOf(key).scroll(places);
  }

  async function stageEnd(key: string): Promise<void> {
    const stage = stages.get(key);
    stages.delete(key);
    await stage?.end();
  }

  function stageOf(key: string): Stage {
    const stage = stages.get(key);
    if (stage === undefined) throw new Error("The screenshot was not begun here");
    return stage;
  }
}
