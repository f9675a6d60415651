import { isIP } from "node:net";

const MAX_LENGTH = 1_024;
const FOUNDATION = /^candidate:[\w+/-]{1,32}$/;
const COMPONENT = /^\d{1,3}$/;
const TOKEN = /^[\w.+~!#$%&'*^`{|}-]{1,64}$/;
const PRIORITY = /^\d{1,10}$/;
const PORT = /^\d{1,5}$/;
/** A name, such as the one behind which a browser hides its address. RFC 8839 §5.1, draft-ietf-mmusic-mdns-ice-candidates */
const NAME = /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]{0,62}\.)+[a-z][a-z\d-]{0,62}\.?$/i;
const VISIBLE = /^[\x21-\x7e]+$/;

/** Whether text is a `candidate-attribute`. RFC 8839 §5.1, RFC 6544 §4.5 */
export function isCandidate(text: string): boolean {
  if (text.length > MAX_LENGTH) return false;
  const [
    foundation = "",
    component = "",
    transport = "",
    priority = "",
    address = "",
    port = "",
    typ,
    type = "",
    ...more
  ] = text.split(" ");
  const isWhole = FOUNDATION.test(foundation) && COMPONENT.test(component) && TOKEN.test(transport) &&
    PRIORITY.test(priority) && isAddress(address) && isPort(port) && typ === "typ" && TOKEN.test(type);
  return isWhole && hasAttributes(more);
}

// Names and values by turns; those that are known have a form of their own.
function hasAttributes(parts: string[]): boolean {
  if (parts.length % 2 !== 0 || !parts.every((part) => VISIBLE.test(part))) return false;
  return parts.every((part, index) => {
    const value = parts[index + 1] ?? "";
    if (index % 2 !== 0) return true;
    if (part === "raddr") return isAddress(value);
    return part === "rport" ? isPort(value) : true;
  });
}

function isAddress(text: string): boolean {
  return isIP(text) !== 0 || NAME.test(text);
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65_535;
}
