import { createHmac } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import type { TurnConfig } from "../base/config.ts";
import { isTurnUri } from "../base/ice_uris.ts";
import type { Settings } from "../settings/settings.ts";
import type { IceServer } from "./signalling.ts";

/** What ICE servers are made of. */
export interface IceServersDependencies {
  settings: Pick<Settings, "get">;
  /** Where the settings name none. */
  turn: TurnConfig;
  clock: Clock;
}

/** The ICE servers that a user is told to use, with credentials made now. */
export type MakeIceServers = (userId: string) => Promise<IceServer[]>;

/** A working day: a TURN server asks again for each allocation, and a page gets new ones whenever it comes back. */
const CREDENTIAL_TTL_SECONDS = 8 * 3_600;

/**
 * Builds the maker of ICE servers: those of the run-time settings `turn.urls` and `turn.secret`, else those of the environment.
 * Credentials are by the TURN REST rule (draft-uberti-behave-turn-rest-00 §2.2); TURN servers without a secret are left out.
 */
export function createIceServers({ settings, turn, clock }: IceServersDependencies): MakeIceServers {
  return async (userId) => {
    const urls = await settings.get("turn.urls");
    const secret = await settings.get("turn.secret") ?? turn.secret;
    const all = urls.length > 0 ? urls : turn.urls;
    const [turnUrls, stunUrls] = [all.filter(isTurnUri), all.filter((url) => !isTurnUri(url))];
    const servers: IceServer[] = [];
    if (stunUrls.length > 0) servers.push({ urls: stunUrls, username: null, credential: null });
    if (turnUrls.length > 0 && secret !== null) servers.push({ urls: turnUrls, ...credentialsFor(userId, secret) });
    return servers;
  };

  function credentialsFor(userId: string, secret: string): { username: string; credential: string } {
    const username = `${Math.floor(clock.now() / 1_000) + CREDENTIAL_TTL_SECONDS}:${userId}`;
    return { username, credential: createHmac("sha1", secret).update(username).digest("base64") };
  }
}
