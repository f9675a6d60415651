// Runs in a page and collects an element as the browser extension will.

/** What `captureElement` takes of an element, beside what only the browser knows: accessible role and name, screenshot. */
function collectElement(element) {
  const { x, y, width, height } = element.getBoundingClientRect();
  const styles = getComputedStyle(element);
  return {
    clientId: crypto.randomUUID(),
    pageUrl: location.href,
    pageTitle: document.title,
    selector: selectorOf(element),
    tagName: element.tagName,
    domId: element.id || null,
    classNames: [...element.classList],
    attributes: Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value])),
    text: element.textContent,
    html: element.outerHTML,
    computedStyles: Object.fromEntries([...styles].map((name) => [name, styles.getPropertyValue(name)])),
    box: { x, y, width, height },
    viewport: { width: innerWidth, height: innerHeight, scrollX, scrollY, devicePixelRatio },
  };
}

/** Captures the element with the selector; returns the request's body and the answer's, as they were on the wire. */
async function captureElement({ url, token, selector, query, extra }) {
  const element = findElement(selector);
  const input = { ...collectElement(element), ...extra };
  if (findElement(input.selector) !== element) throw new Error(`"${input.selector}" finds another element`);
  const sent = JSON.stringify({ query, variables: { input } });
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const response = await fetch(url, { method: "POST", headers, body: sent });
  return { sent, received: await response.text() };
}

/** The element that a selector finds; " >>> " enters an open shadow root. */
function findElement(selector) {
  const [first, ...inner] = selector.split(" >>> ");
  return inner.reduce((host, part) => host.shadowRoot.querySelector(part), document.querySelector(first));
}

function selectorOf(element) {
  const root = element.getRootNode();
  const path = pathWithin(root, element);
  return root instanceof ShadowRoot ? `${selectorOf(root.host)} >>> ${path}` : path;
}

function pathWithin(root, element) {
  const id = element.id && `#${CSS.escape(element.id)}`;
  if (id && root.querySelectorAll(id).length === 1) return id;
  const parent = element.parentElement;
  const name = CSS.escape(element.localName);
  const place = [...(parent ?? root).children].indexOf(element) + 1;
  const step = parent === null && root === document ? name : `${name}:nth-child(${place})`;
  return parent === null ? step : `${pathWithin(root, parent)} > ${step}`;
}

globalThis.fingerpost = { captureElement };
