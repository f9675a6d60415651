import type { RoomPeer } from "./rooms.ts";
import type { Data, GraphqlBody, RunningApp } from "./running_app.ts";
import { subscribe } from "./subscription.ts";

/** A page that speaks to the server over GraphQL, as one does where UDP is blocked. */
export interface GraphqlPage extends AsyncDisposable {
  /** Says a message and returns the next one from the server. */
  ask(message: Record<string, unknown>): Promise<Data>;
  /** Says a message and returns once it was taken. */
  say(message: unknown): Promise<void>;
  /** The next message from the server; undefined once the channel ended. Throws with the code of an error. */
  heard(): Promise<Data>;
  close(): Promise<void>;
}

/** The subscription that is the channel's way to the page. */
export const CHANNEL = `subscription ($from: ID!) { channelMessages(from: $from) }`;

const SAY = `mutation ($input: SendChannelMessageInput!) { sendChannelMessage(input: $input) }`;

/** Says something on the channel of a peer and returns the answer. */
export function say(app: RunningApp, token: string, input: { from: string; message: unknown }): Promise<GraphqlBody> {
  return app.graphql(SAY, { input }, token);
}

/** Opens the channel of a peer with graphql-ws. Throws with the code of an error. */
export async function openGraphqlPage(app: RunningApp, token: string, { id: from }: RoomPeer): Promise<GraphqlPage> {
  const messages = subscribe(app, { query: CHANNEL, variables: { from }, token });
  const heard = messages.next;
  const close = async () => await messages[Symbol.asyncDispose]();
  const sayOnIt: GraphqlPage["say"] = async (message) => {
    const { errors } = await say(app, token, { from, message });
    if (errors) throw new Error(errors[0]?.extensions.code);
  };
  try {
    const opened = await heard();
    if (opened.type !== "opened") throw new Error(`Not opened: ${JSON.stringify(opened)}`);
  } catch (error) {
    await close();
    throw error;
  }
  const ask: GraphqlPage["ask"] = async (message) => {
    await sayOnIt(message);
    return await heard();
  };
  return { ask, say: sayOnIt, heard, close, [Symbol.asyncDispose]: close };
}
