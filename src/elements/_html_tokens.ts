import { Tokenizer, type TokenizerCallbacks } from "htmlparser2";

/** What is told of HTML as it is read; places are indexes of the text. What is absent is not wanted. */
export type TokenHandlers = Partial<TokenizerCallbacks>;

/** Read between two looks at the clock: under a millisecond. */
const PIECE_LENGTH = 32_768;
/** How long nothing else may run on the event loop. */
const MAX_BLOCKING_MS = 8;

const ignore = () => {};
const NOTHING: TokenizerCallbacks = {
  onattribdata: ignore,
  onattribentity: ignore,
  onattribend: ignore,
  onattribname: ignore,
  oncdata: ignore,
  onclosetag: ignore,
  oncomment: ignore,
  ondeclaration: ignore,
  onend: ignore,
  onopentagend: ignore,
  onopentagname: ignore,
  onprocessinginstruction: ignore,
  onselfclosingtag: ignore,
  ontext: ignore,
  ontextentity: ignore,
};

/** Reads HTML as browsers split it into tags and text (HTML §13.2.5), however broken it is; lets other work run in between. Throws the signal's reason. */
export async function readTokens(html: string, handlers: TokenHandlers, signal?: AbortSignal): Promise<void> {
  const tokenizer = new Tokenizer({ decodeEntities: false }, { ...NOTHING, ...handlers });
  let begunAt = performance.now();
  for (let start = 0; start < html.length; start += PIECE_LENGTH) {
    tokenizer.write(html.slice(start, start + PIECE_LENGTH));
    if (performance.now() - begunAt < MAX_BLOCKING_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    begunAt = performance.now();
  }
  tokenizer.end();
}
