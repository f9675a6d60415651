// Runs in a page and reads computed styles: of an element, and in an empty page what the browser gives each tag by default.

/** What a tag stands in, where it can't stand alone; `{}` is the place of the element. */
const PARENTS = {
  "li": "<ul>{}</ul>",
  "dt dd": "<dl>{}</dl>",
  "option optgroup": "<select>{}</select>",
  "legend": "<fieldset>{}</fieldset>",
  "summary": "<details>{}</details>",
  "figcaption": "<figure>{}</figure>",
  "caption thead tbody tfoot": "<table>{}</table>",
  "tr": "<table><tbody>{}</tbody></table>",
  "td th": "<table><tbody><tr>{}</tr></tbody></table>",
  "g path circle rect line text use": "<svg>{}</svg>",
};
const TAGS = `
  a abbr address article aside audio b blockquote body button canvas caption cite code dd del details dialog div dl dt em fieldset
  figcaption figure footer form g h1 h2 h3 h4 h5 h6 header hr html i iframe img input ins kbd label legend li line main mark menu meter nav
  object ol optgroup option output p path picture pre progress q rect circle s samp section select small span strong sub summary sup svg
  table tbody td text textarea tfoot th thead time tr u ul use var video`;
/** Longhands that are not listed, but found by their names in JavaScript. */
const UNLISTED = ["background-position-x", "background-position-y"];
const INPUT_TYPES = "button checkbox color date file image number radio range reset search submit time";
/** They follow from layout or from other properties, or say again what a physical property says: no value of theirs is a default. */
const DERIVED = new RegExp(
  "^(width|height|(-webkit-)?(perspective|transform)-origin|-webkit-locale|-webkit-text-decorations-in-effect|-webkit-border-.*-spacing)$" +
    "|(^|-)(inline|block)(-|$)|^border-(start|end)-(start|end)-radius$",
);
/** `all`, and prefixed names, which say again what one without the prefix says. */
const NO_SHORTHAND = /^(all$|-)/;
const [PROBE_COLOR, PROBE_SIZE_PX] = ["rgb(1, 2, 3)", 37];

/**
 * The computed styles of a tag that no sheet knows, of each usual tag what differs from those, and of each shorthand one of its longhands. Values that follow
 * the element's colour are `currentcolor`, those that follow its font's size are in `em`.
 */
function readDefaultStyles() {
  const element = document.body.appendChild(document.createElement("x-base"));
  const shorthands = readShorthands([...getComputedStyle(element)]);
  const base = stylesOf(element);
  const tags = Object.fromEntries(markups().map(([name, markup]) => [name, differences(base, place(name, markup))]));
  return { base, shorthands, tags };
}

function markups() {
  const tags = TAGS.trim().split(/\s+/).map((tag) => [tag, `<${tag}></${tag}>`]);
  const inputs = INPUT_TYPES.split(" ").map((type) => [`input:${type}`, `<input type="${type}">`]);
  return [...tags, ["a:href", `<a href="#"></a>`], ...inputs].sort(([one], [other]) => one < other ? -1 : 1);
}

function place(name, markup) {
  const tag = name.split(":")[0];
  if (tag === "html" || tag === "body") return stylesOf(document.querySelector(tag));
  const parent = Object.entries(PARENTS).find(([tags]) => tags.split(" ").includes(tag))?.[1] ?? "{}";
  document.body.innerHTML = parent.replace("{}", markup);
  return stylesOf(document.body.querySelector(tag));
}

function stylesOf(element) {
  const plain = read(element);
  element.style.color = PROBE_COLOR;
  const colored = read(element);
  element.style.color = "";
  element.style.fontSize = `${PROBE_SIZE_PX}px`;
  const sized = read(element);
  element.style.fontSize = "";
  const names = Object.keys(plain).filter((name) => !DERIVED.test(name));
  return Object.fromEntries(names.map((name) => [name, relative(name, { plain, colored, sized })]));
}

function relative(name, { plain, colored, sized }) {
  if (name !== "color" && colored[name] === PROBE_COLOR) return "currentcolor";
  const ems = parseFloat(plain[name]) / parseFloat(plain["font-size"]);
  const follows = /^-?[\d.]+px$/.test(plain[name]) && plain[name] !== sized[name] && name !== "font-size";
  return follows ? `${Math.round(ems * 1_000) / 1_000}em` : plain[name];
}

function read(element) {
  const styles = getComputedStyle(element);
  return Object.fromEntries([...styles, ...UNLISTED].sort().map((name) => [name, styles.getPropertyValue(name)]));
}

function differences(base, styles) {
  return Object.fromEntries(Object.entries(styles).filter(([name, value]) => value !== base[name]));
}

function readShorthands(longhands) {
  const { style } = document.createElement("x-base");
  const keys = Object.keys(CSSStyleDeclaration.prototype).concat(Object.keys(style), longhands);
  const names = [...new Set(keys.map(toKebabCase))].filter((name) => !NO_SHORTHAND.test(name) && !DERIVED.test(name))
    .sort();
  return Object.fromEntries(names.flatMap((name) => {
    style.cssText = "";
    style.setProperty(name, "inherit");
    const [longhand] = style;
    return longhand === undefined || longhand === name ? [] : [[name, longhand]];
  }));
}

function toKebabCase(name) {
  return name.replace(/^(webkit)(?=[A-Z])/, "-$1").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What a capture has of an element's styles. */
function collectStyles(selector) {
  const element = document.querySelector(selector);
  const { width, height } = element.getBoundingClientRect();
  const attributes = Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value]));
  return { tagName: element.tagName, attributes, box: { width, height }, styles: read(element) };
}

/** The same styles by the names that JavaScript has for them, shorthands and all else that it finds there too. */
function collectByScriptNames(selector) {
  const styles = getComputedStyle(document.querySelector(selector));
  const found = {};
  for (const name in styles) if (typeof styles[name] !== "function") found[name] = styles[name];
  return { ...collectStyles(selector), styles: found };
}

/** What the browser answers when it is asked for each of these properties. */
function askFor(selector, names) {
  const styles = getComputedStyle(document.querySelector(selector));
  return Object.fromEntries(names.map((name) => [name, styles.getPropertyValue(name)]));
}

globalThis.fingerpost = { readDefaultStyles, collectStyles, collectByScriptNames, askFor };
