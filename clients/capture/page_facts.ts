import { maskText } from "../masking/masking.ts";

/** What the server takes of an address: more is some state of the page, written into its query or fragment. */
const MAX_URL_LENGTH = 32_768;
const MAX_TITLE_LENGTH = 10_000;

/** A page's address, without query and fragment where it is too long. Its secrets are in it still. */
export function shortAddress(url: string): string {
  if (url.length <= MAX_URL_LENGTH) return url;
  const [bare = ""] = url.split(/[?#]/, 1);
  return bare.slice(0, MAX_URL_LENGTH);
}

/** A page's address as it may leave the page: short enough, and its secrets masked. */
export function addressOf(url: string): string {
  return shortAddress(maskText(shortAddress(url)));
}

/** A page's title as it may leave the page. */
export function titleOf(title: string): string {
  return maskText(title.slice(0, 2 * MAX_TITLE_LENGTH)).slice(0, MAX_TITLE_LENGTH).toWellFormed();
}
