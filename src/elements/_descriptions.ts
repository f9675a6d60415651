/** What fields of an element say of themselves where they are given back and where they are taken alike. */
export const BOX = {
  type: "The border box as `getBoundingClientRect` has it: CSS pixels, from the viewport's top left corner.",
  x: "Of its left edge, in CSS pixels; negative: left of the viewport.",
  y: "Of its top edge, in CSS pixels; negative: above the viewport.",
  width: "CSS pixels, 0 or more.",
  height: "CSS pixels, 0 or more.",
};

/** As `BOX`. */
export const VIEWPORT = {
  type: "The page's window as it was.",
  width: "CSS pixels, 0 or more.",
  height: "CSS pixels, 0 or more.",
  scrollX: "How far it was scrolled to the right, in CSS pixels.",
  scrollY: "How far it was scrolled down, in CSS pixels.",
  devicePixelRatio: "Device pixels to one CSS pixel, more than 0.",
};

/** As `BOX`. */
export const ACCESSIBILITY = {
  type: "What assistive technology is told of it.",
  role: "The computed role (WAI-ARIA 1.2 §5), at most 200 characters.",
  name: "The accessible name (accname 1.2), at most 10,000 characters.",
  description: "The accessible description (accname 1.2), at most 10,000 characters.",
};

/** As `BOX`. */
export const COMPONENT = {
  type: "The component behind the element and where it is written.",
  framework: "Such as `react`; 1 to 100 characters.",
  name: "Of the component; 1 to 1,000 characters.",
  file: "The source file, as the build names it; at most 4,096 characters.",
  line: "In the file, as the build counts: from 1, as a rule; never negative.",
  column: "In the line, as the build counts; never negative.",
};

/** As `BOX`; characters are UTF-16 code units, as JavaScript counts. */
export const ELEMENT = {
  pageUrl:
    "The page's absolute URL, 1 to 32,768 characters; never `javascript:` or `vbscript:`. Secrets in its parameters are masked, the rest " +
    "stays as it is.",
  pageTitle: "The page's title, at most 10,000 characters.",
  pageId: "The tab it came from, as the client names it: 1 to 200 characters.",
  selector: "CSS that finds it, 1 to 20,000 characters; ` >>> ` enters an open shadow root, ` >>iframe>> ` a frame.",
  tagName: "As the page's DOM has it, `BUTTON` in HTML; 1 to 200 characters.",
  domId: "Its `id` in the page, at most 10,000 characters.",
  classNames: "Its classes in the page's order, at most 2,000 of at most 10,000 characters.",
  attributes: "An object of names and values, at most 32 deep; the values of password inputs and of tokens are masked.",
  text: "What it shows as text, at most 1,000,000 characters.",
  note: "What the person wants done, at most 20,000 characters; their own words, in which nothing is masked.",
};
