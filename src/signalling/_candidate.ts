import { isIP } from "node:net";

const MAX_LENGTH = 1_024;
/** Its parts by their form: one expression, because there are many candidates. The groups: address, port, and names with values by turns. */
const FORM =
  /^candidate:[\w+/-]{1,32} \d{1,3} [\w.+~!#$%&'*^`{|}-]{1,64} \d{1,10} ([^ ]+) (\d{1,5}) typ [\w.+~!#$%&'*^`{|}-]{1,64}((?: [\x21-\x7e]+ [\x21-\x7e]+)*)$/;
const PORT = /^\d{1,5}$/;
/** A name, such as the one behind which a browser hides its address. RFC 8839 §5.1, draft-ietf-mmusic-mdns-ice-candidates */
const NAME = /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]{0,62}\.)+[a-z][a-z\d-]{0,62}\.?$/i;

/** Whether text is a `candidate-attribute`. RFC 8839 §5.1, RFC 6544 §4.5 */
export function isCandidate(text: string): boolean {
  if (text.length > MAX_LENGTH) return false;
  const parts = FORM.exec(text);
  if (parts === null) return false;
  const [, address = "", port = "", more = ""] = parts;
  return isAddress(address) && isPort(port) && hasAttributes(more);
}

// Those that are known have a form of their own.
function hasAttributes(text: string): boolean {
  if (!text.includes(" raddr ") && !text.includes(" rport ")) return true;
  const parts = text.split(" ").slice(1);
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
