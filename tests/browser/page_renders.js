// Runs in a page: picks elements of it, gives it the names of a build, and renders it anew.

/** Elements that nobody points at. */
const UNSEEN =
  "head, head *, script, style, link, template, noscript, br, wbr, source, track, param, base, meta, title";
/** How builds name classes: emotion, CSS modules, styled-components with Vue's attributes. */
const BUILDS = ["emotion", "modules", "styled"];

let picked = [];

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

/** All elements of the document, of open shadow trees and of frames. */
function* elementsIn(root) {
  for (const element of root.querySelectorAll("*")) {
    yield element;
    if (element.shadowRoot) yield* elementsIn(element.shadowRoot);
    if (element.localName === "iframe" && element.contentDocument) yield* elementsIn(element.contentDocument);
  }
}

/** Where an element is, by places alone. */
function placeOf(element) {
  const parent = element.parentNode;
  if (parent.nodeType === 9) {
    const frame = parent.defaultView?.frameElement;
    return frame ? `${placeOf(frame)}|` : "";
  }
  const place = [...parent.children].indexOf(element);
  return parent.nodeType === 11 ? `${placeOf(parent.host)}^${place}` : `${placeOf(parent)}/${place}`;
}

function selectorOf(element) {
  const frame = element.ownerDocument.defaultView?.frameElement;
  const path = frame ? `${selectorOf(frame)} >>iframe>> ` : "";
  return `${path}${capture.selectorFor(element)}`;
}

/** Picks rendered elements at random, and says how each is found. */
function pick(count, seed) {
  const random = createRandom(seed);
  const all = [...elementsIn(document)].filter((element) => !element.matches(UNSEEN) && element.checkVisibility());
  picked = Array.from(
    { length: Math.min(count, all.length) },
    () => all.splice(Math.floor(random() * all.length), 1)[0],
  );
  return picked.map((element) => {
    const selector = selectorOf(element);
    return {
      selector,
      fingerprint: capture.fingerprintOf(element),
      place: placeOf(element),
      html: element.cloneNode(false).outerHTML.slice(0, 200),
      isFound: capture.findElement(document, selector) === element,
    };
  });
}

/** Whether each of the picked is found again: "found", "unsure", "wrong", or "gone" where the page has taken it away. */
function findPicked(samples) {
  return samples.map(({ selector, fingerprint }, at) => {
    const found = capture.findAgain(document, selector, fingerprint);
    if (found === picked[at]) return "found";
    // The page itself made another one in its place.
    if (!picked[at].isConnected) return "gone";
    return found === null ? "unsure" : "wrong";
  });
}

/** What is taken for each of the picked when it was taken away, as HTML; null: nothing, as it should be. */
function findRemoved(samples) {
  return samples.map(({ selector, fingerprint }, at) => {
    const mark = document.createComment("");
    if (
      !picked[at].isConnected || /^(html|body|iframe)$/.test(picked[at].localName) || picked[at].querySelector("iframe")
    ) return null;
    picked[at].replaceWith(mark);
    const found = capture.findAgain(document, selector, fingerprint);
    mark.replaceWith(picked[at]);
    return found?.cloneNode(false).outerHTML ?? null;
  });
}

/** The place of what each selector finds; null: nothing. */
function placesOf(selectors) {
  return selectors.map((selector) => {
    const found = capture.findElement(document, selector);
    return found === null ? null : placeOf(found);
  });
}

function hash(text, length = 6) {
  let value = 2166136261;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0), 16777619) >>> 0;
  return (value.toString(36) + Math.imul(value, 31).toString(36).replace("-", "z")).padEnd(length, "k3").slice(
    0,
    length,
  );
}

/** As styled-components has it: no digits, and capitals. */
function letters(hash) {
  return [...hash].map((char) => String.fromCharCode((char.charCodeAt(0) % 2 ? 65 : 97) + (parseInt(char, 36) % 26)))
    .join("");
}

/** Names classes, ids and attributes as a build does; another salt is another build or render. */
function nameAs(build, salt) {
  let count = salt.length * 3;
  for (const element of elementsIn(document)) {
    element.namesBefore ??= element.getAttribute("class") ?? "";
    const names = element.namesBefore.split(/\s+/).filter(Boolean);
    const next = namesFor(build, names, { salt, tag: element.localName });
    if (next.length > 0) element.setAttribute("class", next.join(" "));
    if (build === "styled") renameScope(element, salt);
    // As React's useId has it.
    if (element.matches("input, button, label") && (element.id === "" || element.hasCounted)) {
      element.hasCounted = true;
      element.id = `:r${(count++).toString(32)}:`;
    }
  }
}

function namesFor(build, names, { salt, tag }) {
  const key = `${names.join(".")}${tag}`;
  if (build === "emotion") return [...names, `css-${hash(`${salt}${key}`, 7)}`];
  if (build === "modules") {
    return names.map((name) => `Page_${name.replace(/[^\w-]/g, "")}__${hash(`${salt}${name}`, 5)}`);
  }
  return [`sc-${hash(`${salt}${key}`, 6)}-${names.length}`, letters(hash(`${key}${salt}`, 6))];
}

function renameScope(element, salt) {
  for (const { name } of [...element.attributes]) if (name.startsWith("data-v-")) element.removeAttribute(name);
  element.setAttribute(`data-v-${hash(`${salt}scope`, 8)}`, "");
}

/** Renders anew: other generated names, siblings of one tag in another order (but cells and what is drawn), and a banner that was not there. */
function rerender(build, seed) {
  const random = createRandom(seed);
  nameAs(build, `again${seed}`);
  for (const parent of [...elementsIn(document)].map((element) => element.parentNode)) {
    if (parent.nodeType === 1 && parent.matches("tr, svg, svg *, head, select")) continue;
    shuffle(parent, random);
  }
  const banner = document.createElement("div");
  banner.textContent = "We use cookies.";
  document.body.prepend(banner);
}

/** All that is in an element, shadow trees too, without what a build or a render names. */
function lookOf(element) {
  const attributes = [...element.attributes].filter(({ name }) => !/^(class|id|data-v-.*)$/.test(name));
  const names = element.namesBefore ?? "";
  const inside = [...(element.shadowRoot?.childNodes ?? []), "/", ...element.childNodes];
  const looks = inside.map((node) => node.nodeType === 1 ? lookOf(node) : node.nodeValue?.trim() ?? node);
  return `<${element.localName} ${names} ${attributes.map(({ name, value }) => `${name}=${value}`).sort()}>${
    looks.join("")
  }</>`;
}

function shuffle(parent, random) {
  if (parent.hasShuffled === random) return;
  parent.hasShuffled = random;
  const groups = Map.groupBy(parent.children, ({ localName }) => localName);
  for (const [tag, group] of groups) {
    // A frame that is moved loads anew.
    if (
      group.length < 2 || /^(script|style|link|iframe)$/.test(tag) ||
      group.some((element) => element.querySelector("iframe"))
    ) continue;
    const marks = group.map((element) => element.parentNode.insertBefore(document.createComment(""), element));
    const order = group.map((element) => ({ element, look: lookOf(element), key: random() })).sort((a, b) =>
      a.key - b.key
    );
    // Of those that look the same nobody can tell that they changed places, so they don't.
    const inTurn = Map.groupBy(group, lookOf);
    marks.forEach((mark, at) => mark.replaceWith(inTurn.get(order[at].look).shift()));
  }
}

globalThis.renders = { BUILDS, pick, findPicked, findRemoved, placesOf, nameAs, rerender };
