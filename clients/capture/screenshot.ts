import type { Box } from "../browser/messages.ts";
import { createPicture, type Picture, type Screenshot } from "./screenshot_picture.ts";
import { combineViews, planScreenshot, type ScreenshotPlan, type StageView, type Tile } from "./screenshot_plan.ts";
import type { Stage } from "./screenshot_stage.ts";

/** An element's stages: of its own frame first, then of each frame around, the top one last. */
export type Stages = [Stage, ...Stage[]];

/** Takes the screenshots of one tab, one after the other; elements that are in view at the same time share one picture of the screen. */
export interface Camera {
  /** An element with 8 px around, in device pixels, under 1 MB. Rejects where nothing of it can be seen, and with what `takeVisible` says. */
  take(stages: Stages): Promise<Screenshot>;
}

interface Job {
  stages: Stages;
  done: (screenshot: Screenshot) => void;
  failed: (error: unknown) => void;
}

interface Shot {
  view: StageView;
  plan: ScreenshotPlan;
}

/** Who asked gives up after 5 s; what there is by then is better than nothing. */
const MAX_TAKING_MS = 3_500;
/** Builds a tab's camera. `takeVisible` answers a picture of what the tab shows: the whole viewport in the screen's pixels. */
export function createCamera(takeVisible: () => Promise<Blob>): Camera {
  const waiting: Job[] = [];
  let isBusy = false;
  return { take };

  function take(stages: Stages): Promise<Screenshot> {
    return new Promise((done, failed) => {
      waiting.push({ stages, done, failed });
      if (isBusy) return;
      isBusy = true;
      // What is asked for in the same turn is taken together.
      queueMicrotask(() => void work());
    });
  }

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const rest = await takeStill(waiting.splice(0), takeVisible);
      for (const job of rest) await settle(job, () => takeMoving(job.stages, takeVisible));
    }
    isBusy = false;
  }
}

// What is in view as it stands, all in one picture; the others are handed back.
async function takeStill(jobs: Job[], takeVisible: () => Promise<Blob>): Promise<Job[]> {
  const shots = await Promise.all(jobs.map(open));
  const still = jobs.flatMap((job, index) => {
    const shot = shots[index];
    return shot?.plan.isStill && !shot.view.isCovered ? [{ job, shot }] : [];
  });
  const screen = still.length === 0 ? null : takeVisible().then(toBitmap);
  // Each job says itself that it failed.
  await screen?.catch(() => {});
  // The page is put back before the pictures are cut, which takes longer.
  await Promise.all(jobs.map(({ stages }) => endAll(stages)));
  const cut = async ({ plan, view }: Shot) => {
    const picture = startPicture(plan, view);
    if (screen !== null) { for (const tile of plan.tiles) picture.add(await screen, tile, view); }
    return await picture.encode(plan.height);
  };
  await Promise.all(still.map(({ job, shot }) => settle(job, () => cut(shot))));
  const done = new Set(still.map(({ job }) => job));
  return jobs.filter((job, index) => !done.has(job) && shots[index] !== null);
}

async function open({ stages, failed }: Job): Promise<Shot | null> {
  try {
    const view = combineViews(await askAll(stages, (stage) => stage.begin()));
    return { view, plan: planOf(view) };
  } catch (error) {
    await endAll(stages);
    failed(error);
    return null;
  }
}

async function takeMoving(stages: Stages, takeVisible: () => Promise<Blob>): Promise<Screenshot> {
  const startedAt = performance.now();
  try {
    const { isStill } = planOf(combineViews(await askAll(stages, (stage) => stage.begin())));
    const views = await askAll(stages, (stage) => stage.clear(!isStill));
    let view = combineViews(views);
    const plan = planOf(view);
    const picture = startPicture(plan, view);
    let { height } = plan;
    for (const tile of plan.tiles) {
      const isLate = performance.now() - startedAt > MAX_TAKING_MS;
      if (isLate && tile.to.x === 0 && tile.to.y > 0) {
        height = tile.to.y;
        break;
      }
      if (!plan.isStill) view = combineViews(await scrollAll(stages, views, tile));
      picture.add(await toBitmap(await takeVisible()), tile, view);
    }
    await endAll(stages);
    return await picture.encode(height);
  } finally {
    await endAll(stages);
  }
}

function scrollAll(stages: Stages, views: StageView[], { scroll }: Tile): Promise<[StageView, ...StageView[]]> {
  let from = 0;
  return askAll(stages, (stage, index) => {
    const to = from + (views[index]?.scrollers.length ?? 0);
    const places = scroll.slice(from, to);
    from = to;
    return stage.scroll(places);
  });
}

async function askAll(
  [own, ...around]: Stages,
  ask: (stage: Stage, index: number) => Promise<StageView>,
): Promise<[StageView, ...StageView[]]> {
  return await Promise.all([ask(own, 0), ...around.map((stage, index) => ask(stage, index + 1))]);
}

// A frame that went away has nothing to put back.
async function endAll(stages: Stages): Promise<void> {
  await Promise.allSettled(stages.map((stage) => stage.end()));
}

async function settle({ done, failed }: Job, take: () => Promise<Screenshot>): Promise<void> {
  try {
    done(await take());
  } catch (error) {
    failed(error);
  }
}

function planOf(view: StageView): ScreenshotPlan {
  const plan = planScreenshot(view);
  if (plan === null) throw new Error("Nothing of the element can be seen");
  return plan;
}

interface Cut {
  add(screen: ImageBitmap, tile: Tile, view: StageView): void;
  encode: Picture["encode"];
}

function startPicture(plan: ScreenshotPlan, { shown }: StageView): Cut {
  let picture: Picture | null = null;
  return {
    add(screen, tile, view) {
      picture ??= createPicture(plan, screen.width / shown.width);
      const { from, corner } = placeTile(tile, view);
      picture.add(screen, from, corner);
    },
    encode(height) {
      if (picture === null) throw new Error("Cannot take a picture of the page");
      return picture.encode(height);
    },
  };
}

// From where the element is now, which after scrolling need not be where it was to be.
function placeTile({ from, corner }: Tile, { box, shown }: StageView): { from: Box; corner: { x: number; y: number } } {
  const x = from.x + box.x - corner.x - shown.x;
  const y = from.y + box.y - corner.y - shown.y;
  const left = Math.max(0, x);
  const top = Math.max(0, y);
  const width = Math.min(shown.width, x + from.width) - left;
  const height = Math.min(shown.height, y + from.height) - top;
  return { from: { x: left, y: top, width, height }, corner: { x: box.x - shown.x, y: box.y - shown.y } };
}

async function toBitmap(blob: Blob): Promise<ImageBitmap> {
  return await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}
