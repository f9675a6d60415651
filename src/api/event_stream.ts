import type { GraphQLSchema } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import { maskError } from "../graphql/error_mask.ts";
import type { Answer } from "./operations.ts";

/** Writes an answer as server-sent events, `next` for each result and then `complete`, with comments while nothing happens. graphql-sse, distinct connections mode */
export type StreamAnswer = (request: Request, answer: Answer) => Promise<Response>;

/** What an event stream says to whom it passes through: nobody keeps, packs or holds back what comes. */
const HEADERS = {
  // RFC 9111 §5.2.2: a proxy that compresses would wait for more.
  "cache-control": "no-store, no-transform",
  // nginx's word for the same.
  "x-accel-buffering": "no",
};

/** Builds the writer: Yoga's HTTP alone, to which nothing is left to parse, check or run. */
export function createStreamAnswer(schema: GraphQLSchema): StreamAnswer {
  const yoga = createYoga<{ answer: Answer }>({
    schema,
    graphqlEndpoint: "/graphql",
    cors: false,
    maxRequestBodySize: false,
    multipart: false,
    landingPage: false,
    graphiql: false,
    logging: false,
    fetchAPI: { Request, Response, ReadableStream, Headers, URL, TextEncoder, TextDecoder },
    maskedErrors: { maskError: (error) => maskError(error, crypto.randomUUID()) },
    plugins: [useAnswer()],
  });
  return async (request, answer) => {
    const headers = { accept: "text/event-stream" };
    const response = await yoga.fetch(new Request(request.url, { headers, signal: request.signal }), { answer });
    letThroughProxies(response.headers);
    return response;
  };
}

function useAnswer(): Plugin<object, { answer: Answer }> {
  return {
    onRequestParse: ({ setRequestParser }) => setRequestParser(() => Promise.resolve({ query: "{ __typename }" })),
    onParams: ({ context, setResult }) => setResult(context.answer),
  };
}

function letThroughProxies(headers: Headers): void {
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  // Yoga's: "none" is no coding (RFC 9110 §8.4), and the connection is not the answer's to speak of.
  headers.delete("content-encoding");
  headers.delete("connection");
}
