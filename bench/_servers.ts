/** A server in a process of its own. */
export interface Server {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** The first admin's password, where a bench starts ours. */
export const PASSWORD = "correct horse battery";

/** Starts a server that says where it listens, and waits for that. */
export async function startServer(command: string, args: string[], env: Record<string, string> = {}): Promise<Server> {
  const process = new Deno.Command(command === "deno" ? Deno.execPath() : command, {
    args,
    env,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/^Listening on .*\n/m.test(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${command} ${args.join(" ")} ended before it listened`);
    text += value;
  }
  const stop = async () => {
    process.kill("SIGTERM");
    while (!(await reader.read()).done);
    await process.status;
  };
  return { url: /^Listening on (.*)$/m.exec(text)?.[1] ?? "", pid: await newestDescendant(process.pid), stop };
}

/** Starts ours by the real task, on a data folder. */
export function startOurs(dataDir: string): Promise<Server> {
  const settings = { FINGERPOST_DATA_DIR: dataDir, FINGERPOST_PORT: "0", FINGERPOST_ADMIN_PASSWORD: PASSWORD };
  return startServer("deno", ["task", "--quiet", "start"], settings);
}

/** A task runs the server in a process under its own. */
async function newestDescendant(pid: number): Promise<number> {
  const children = (await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`)).trim();
  return children === "" ? pid : await newestDescendant(Number(children.split(" ").at(-1)));
}

/** Asks a GraphQL server; throws where it answers errors. */
export async function ask(
  url: string,
  token: string,
  query: string,
  variables: Record<string, unknown> = {},
) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** The first admin's session token. */
export async function signIn(url: string, email = "admin@localhost"): Promise<string> {
  const query = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;
  return (await ask(url, "", query, { input: { email, password: PASSWORD } })).signIn.token;
}

/** Has limits stay on and hold nobody up. */
export async function raiseLimits(url: string, token: string, actions: string[]): Promise<void> {
  const query = `mutation ($input: SetRateLimitInput!) { setRateLimit(input: $input) { action } }`;
  for (const action of actions) {
    await ask(url, token, query, { input: { action, limit: 1_000_000_000, windowSeconds: 60 } });
  }
}

/** Installs the packages of `bench/peers`, of which one is compiled, outside of this project. */
export async function installPeers(folder: string): Promise<string> {
  const source = new URL("./peers/", import.meta.url).pathname;
  const peers = `${folder}/peers`;
  await Deno.mkdir(peers);
  for (const { name } of Deno.readDirSync(source)) await Deno.copyFile(`${source}${name}`, `${peers}/${name}`);
  const { success } = await new Deno.Command("npm", {
    args: ["ci", "--silent", "--no-audit", "--no-fund"],
    cwd: peers,
  }).output();
  if (!success) throw new Error("Cannot install the peers");
  return peers;
}
