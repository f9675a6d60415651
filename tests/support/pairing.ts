import { type Data, type RunningApp } from "./running_app.ts";

/** What pairing is asked with. */
export const START_PAIRING = `mutation ($input: StartPairingInput!) { startPairing(input: $input) {
  deviceCode userCode verificationUrl verificationUrlComplete intervalSeconds expiresAt } }`;
export const POLL_PAIRING = `mutation ($deviceCode: String!) { pollPairing(deviceCode: $deviceCode) {
  state token accessToken { id name scopes prefix expiresAt project { id name } } } }`;
export const APPROVE_PAIRING = `mutation ($input: ApprovePairingInput!) { approvePairing(input: $input) }`;
export const PAIRING = `query ($userCode: String!) { pairing(userCode: $userCode) {
  userCode clientName scopes ipAddress userAgent createdAt expiresAt } }`;

/** What a pointer calls itself and asks for. */
export const CLIENT = { clientName: "Chromium on Linux", scopes: ["ELEMENTS_READ", "ELEMENTS_WRITE", "SIGNALS"] };

/** Starts a pairing as a client does. */
export async function startPairing(app: RunningApp, more: Data = {}): Promise<Data> {
  return (await app.ask(START_PAIRING, { input: { ...CLIENT, ...more } })).startPairing;
}

/** Asks for the outcome as a client does. */
export async function pollPairing(app: RunningApp, deviceCode: string): Promise<Data> {
  return (await app.ask(POLL_PAIRING, { deviceCode })).pollPairing;
}

/** Decides as a person, and returns the code of the refusal, or "ok". */
export async function decidePairing(app: RunningApp, token: string | null, input: Data): Promise<string> {
  const { errors } = await app.graphql(APPROVE_PAIRING, { input: { approve: true, ...input } }, token);
  return errors?.[0]?.extensions.code ?? "ok";
}
