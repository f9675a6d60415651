/** A place in what the page runs; line and column from 1. */
export interface Frame {
  functionName: string;
  url: string;
  line: number;
  column: number;
}

const MAX_STACK_LENGTH = 20_000;
const MAX_LINE_LENGTH = 5_000;
const MAX_FRAMES = 30;
/** Below it React called the component: what is further down did not write the element. */
const BOTTOM = /react[-_]stack[-_]bottom[-_]frame/;
// Chromium: "    at App (http://…/App.jsx:6:25)", "    at http://…/App.jsx:6:25"; Firefox and Safari: "App@http://…/App.jsx:6:25".
const CHROMIUM_FRAME = /^\s*at (?:(.{0,500}?) \()?(.{1,4000}?):(\d{1,8}):(\d{1,8})\)?$/;
const OTHER_FRAME = /^(.{0,500}?)@(.{1,4000}?):(\d{1,8}):(\d{1,8})$/;

/** The frames of a stack from the top to where React called the component; natives and what can't be read are left out. */
export function parseStack(stack: string): Frame[] {
  if (stack.length > MAX_STACK_LENGTH) return [];
  const frames: Frame[] = [];
  for (const line of stack.split("\n")) {
    if (BOTTOM.test(line)) break;
    const frame = parseFrame(line);
    if (frame !== null && frames.length < MAX_FRAMES) frames.push(frame);
  }
  return frames;
}

function parseFrame(line: string): Frame | null {
  if (line.length > MAX_LINE_LENGTH) return null;
  const [, name = "", url, row, column] = CHROMIUM_FRAME.exec(line) ?? OTHER_FRAME.exec(line) ?? [];
  if (url === undefined || url === "<anonymous>") return null;
  return { functionName: name.trim(), url, line: Number(row), column: Number(column) };
}
