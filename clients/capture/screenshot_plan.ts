import type { Box } from "../browser/messages.ts";
import { type AxisPlan, type AxisScroller, type AxisStep, planAxis, type ScrollRange } from "./_screenshot_axis.ts";

/** At two pictures a second, the most that a browser gives an extension, the last one comes after 3 s. */
export const MAX_TILES = 8;

/** Enough for each zoom that browsers offer, on each screen. */
const MAX_SCROLL_STEP = 40;

/** What an element is seen through: a box that clips it and may scroll it. One that only clips has no range. */
export interface Scroller {
  /** The part that shows content, in the frame's viewport. */
  port: Box;
  x: ScrollRange;
  y: ScrollRange;
  /** By how much a pixel of scrolling moves the content; other than 1 inside of a scaled box. */
  unit: number;
}

/** How a frame shows something: an element, or the frame inside of it that holds the element. */
export interface StageView {
  /** In the frame's viewport; of a frame, its content. */
  box: Box;
  /** What it is seen through, the innermost first; the last is the frame's viewport. */
  scrollers: Scroller[];
  /** The whole viewport, scroll bars included. */
  size: { width: number; height: number };
  /** What of the viewport the screen shows: less than all where a person zoomed in with two fingers. */
  shown: Box;
  /** How many pixels of the screen a CSS pixel has. */
  pixelRatio: number;
  /** Something that is fixed or sticky lies over it. */
  isCovered: boolean;
}

/** Where everything is scrolled to, in the order of the scrollers. */
export type ScrollPlaces = { x: number; y: number }[];

/** One picture of the visible page, and what of it goes where. */
export interface Tile {
  scroll: ScrollPlaces;
  /** Where the element's corner, exactly, will be by then, in the top viewport. */
  corner: { x: number; y: number };
  /** What to take, in the top viewport. */
  from: Box;
  /** Where it goes, from the picture's corner; by a pixel of the screen it may come out elsewhere. */
  to: { x: number; y: number };
}

/** How an element's picture is put together, in CSS pixels. */
export interface ScreenshotPlan {
  width: number;
  height: number;
  tiles: Tile[];
  /** Nothing has to be scrolled: one picture of the page as it stands is enough. */
  isStill: boolean;
  /** The picture has all of the element that can be seen. */
  isWhole: boolean;
}

/** One view of the element in the top viewport, from the views of the frames that hold it, its own first. */
export function combineViews(
  [innermost, ...outer]: [StageView, ...StageView[]],
): StageView {
  let view = innermost;
  for (const frame of outer) {
    const unit = frame.box.width / view.size.width;
    const place = ({ x, y, width, height }: Box): Box => ({
      x: frame.box.x + x * unit,
      y: frame.box.y + y * unit,
      width: width * unit,
      height: height * unit,
    });
    const inner = view.scrollers.map((scroller) => ({
      ...scroller,
      port: place(scroller.port),
      unit: scroller.unit * unit,
    }));
    const isCovered = view.isCovered || frame.isCovered;
    view = {
      ...frame,
      box: place(view.box),
      scrollers: [...inner, ...frame.scrollers],
      isCovered,
    };
  }
  return view;
}

/** What to scroll to, what to take there and where it goes; null: nothing of the element can be seen. */
export function planScreenshot(
  { box: exact, scrollers, pixelRatio }: StageView,
): ScreenshotPlan | null {
  const box = wholePixels(exact);
  const step = wholeStep(pixelRatio);
  const columns = planAxis(
    box.x,
    box.x + box.width,
    along(scrollers, "x", step),
    MAX_TILES,
  );
  if (columns === null) return null;
  const maxRows = Math.max(1, Math.floor(MAX_TILES / columns.steps.length));
  const rows = planAxis(box.y, box.y + box.height, along(scrollers, "y", step), maxRows);
  if (rows === null) return null;
  const within = { x: exact.x - box.x, y: exact.y - box.y };
  const tiles = placeAlong(rows).flatMap((row) => placeAlong(columns).map((column) => tileOf(column, row, within)));
  const isUnscrolled = scrollers.every(({ x, y }, index) =>
    tiles[0]?.scroll[index]?.x === x.at && tiles[0].scroll[index].y === y.at
  );
  return {
    width: columns.size,
    height: rows.size,
    tiles,
    isStill: tiles.length === 1 && isUnscrolled,
    isWhole: columns.isWhole && rows.isWhole,
  };
}

// The pixels that a box cuts are its own.
function wholePixels({ x, y, width, height }: Box): Box {
  const left = Math.floor(x);
  const top = Math.floor(y);
  return { x: left, y: top, width: Math.ceil(x + width) - left, height: Math.ceil(y + height) - top };
}

// Scrolled by whole pixels of the screen, all is painted as it was, and neighbours meet.
function wholeStep(pixelRatio: number): number {
  for (let step = 1; step <= MAX_SCROLL_STEP; step++) {
    const pixels = step * pixelRatio;
    if (Math.abs(pixels - Math.round(pixels)) < 0.01) return step;
  }
  return 1;
}

function along(scrollers: Scroller[], axis: "x" | "y", step: number): AxisScroller[] {
  return scrollers.map(({ port, [axis]: range, unit }) => {
    const from = port[axis];
    return { ...range, from, to: from + (axis === "x" ? port.width : port.height), unit, step };
  });
}

interface PlacedStep extends AxisStep {
  at: number;
}

function placeAlong({ steps }: AxisPlan): PlacedStep[] {
  const [first] = steps;
  const origin = first === undefined ? 0 : first.from - first.corner;
  return steps.map((step) => ({ ...step, at: step.from - step.corner - origin }));
}

function tileOf(column: PlacedStep, row: PlacedStep, within: { x: number; y: number }): Tile {
  return {
    scroll: column.scroll.map((x, index) => ({ x, y: row.scroll[index] ?? 0 })),
    corner: { x: column.corner + within.x, y: row.corner + within.y },
    from: { x: column.from, y: row.from, width: column.to - column.from, height: row.to - row.from },
    to: { x: column.at, y: row.at },
  };
}
