/** What of an element's surroundings belongs to its picture, in CSS pixels. */
export const MARGIN = 8;
/** How far something can be scrolled along one axis, in its own CSS pixels; `min` is below 0 where a page reads from right to left. */
export interface ScrollRange {
  at: number;
  min: number;
  max: number;
}

/** A scroller along one axis. */
export interface AxisScroller extends ScrollRange {
  from: number;
  to: number;
  unit: number;
  /** It is scrolled to multiples of this. */
  step: number;
}

/** One place to scroll to, and what is seen there, in the top viewport. */
export interface AxisStep {
  scroll: number[];
  /** Where the element starts by then. */
  corner: number;
  from: number;
  to: number;
}

/** The steps that show an element from its start to its end. */
export interface AxisPlan {
  steps: AxisStep[];
  size: number;
  isWhole: boolean;
}

/** From the element's start on, each step shows what the one before left over; null: nothing can be seen. */
export function planAxis(
  start: number,
  end: number,
  scrollers: AxisScroller[],
  maxSteps: number,
): AxisPlan | null {
  const length = end - start;
  const steps: AxisStep[] = [];
  let done = 0;
  while (steps.length < maxSteps && length - done > 0.5) {
    const step = showFrom(start, end, done, scrollers);
    const reached = step.to - step.corner;
    // What can't be scrolled into view is clipped for good.
    if (step.to <= step.from || reached <= done + 0.5) break;
    steps.push(step);
    done = reached;
  }
  const [first] = steps;
  const last = steps.at(-1);
  const view = scrollers.at(-1);
  if (first === undefined || last === undefined || view === undefined) {
    return null;
  }
  const isWhole = length - done <= 0.5 || steps.length < maxSteps;
  first.from = Math.max(Math.min(view.from, first.from), first.from - MARGIN);
  last.to = Math.min(Math.max(view.to, last.to), last.to + MARGIN);
  const size = (last.to - last.corner) - (first.from - first.corner);
  return { steps, size, isWhole };
}

function showFrom(
  start: number,
  end: number,
  done: number,
  scrollers: AxisScroller[],
): AxisStep {
  let corner = start;
  let from = start + done;
  let to = end;
  const scroll = scrollers.map(({ at, min, max, ...scroller }, index) => {
    // Around a box that scrolls is the page: only the viewport has to show what is around the element.
    const margin = index === scrollers.length - 1 ? MARGIN : 0;
    const isCut = (from - margin < scroller.from && at > min) || (to + margin > scroller.to && at < max);
    let place = at;
    if (isCut || from >= scroller.to || to <= scroller.from) {
      const wanted = at + (from - MARGIN - scroller.from) / scroller.unit;
      const least = at + (to + margin - scroller.to) / scroller.unit;
      place = placeAt(wanted, least, { min, max, step: scroller.step });
      const moved = (place - at) * scroller.unit;
      corner -= moved;
      from -= moved;
      to -= moved;
    }
    from = Math.max(from, scroller.from);
    // The margin behind the end has its room in this step or the next.
    const isEndCut = margin > 0 && to <= scroller.to &&
      to + margin > scroller.to && place < max;
    to = Math.min(to, isEndCut ? scroller.to - margin : scroller.to);
    return place;
  });
  return { scroll, corner, from, to };
}

function placeAt(wanted: number, least: number, { min, max, step }: Record<"min" | "max" | "step", number>): number {
  const whole = Math.floor(Math.min(wanted, max) / step) * step;
  // The very end need not be a whole step; it is left out where all is seen before it.
  return wanted > max && whole < least ? max : Math.max(whole, min);
}
