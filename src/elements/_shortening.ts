/** The text, at most so many UTF-16 code units; what is left out is "…", and no character is cut in two. */
export function shorten(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const end = maxLength - 1;
  const isCut = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return `${text.slice(0, isCut ? end - 1 : end)}…`;
}
