import assert from "node:assert/strict";
import configuration from "../deno.json" with { type: "json" };

const PROJECT = new URL("..", import.meta.url).pathname;
/** What `deno task grants net` says where nothing is set. */
const OWN = Deno.networkInterfaces().filter(({ family, address }) =>
  family === "IPv4" && !/^(127|169\.254)\./.test(address)
);
const LOOPBACK = ["127.0.0.0/8", ...OWN.map(({ address }) => address)].join(",");
const NETWORK = `127.0.0.1:8000,${LOOPBACK}`;

/** What a server that somebody took over might try, and what Deno answers. */
const ATTEMPTS: Record<string, [attempt: string, allowed: boolean]> = {
  "listen where it is told to": [`using _ = Deno.listen({ hostname: "127.0.0.1", port: 8000 })`, true],
  "listen for all the world": [`using _ = Deno.listen({ hostname: "0.0.0.0", port: 0 })`, false],
  "send to another machine": [`await fetch("http://192.0.2.1/")`, false],
  "ask for a name's address": [`await Deno.resolveDns("example.org", "A")`, false],
  "load code from elsewhere": [`await import("https://example.org/code.ts")`, false],
  "start a program": [`new Deno.Command("true").outputSync()`, false],
  "read a file of the system": [`Deno.readTextFileSync("/etc/passwd")`, false],
  "read the project's settings": [`Deno.readTextFileSync("deno.json")`, false],
  "change its own source": [`Deno.writeTextFileSync("src/main.ts", "")`, false],
  "load another native library": [`Deno.dlopen("/lib/libc.so.6", {})`, false],
  "read a variable that is not its own": [
    `if (Deno.env.get("HOME") !== undefined) throw new Error("It is there")`,
    true,
  ],
  "ask who runs it": [`Deno.hostname()`, false],
  "write into the data folder": [`Deno.writeTextFileSync(Deno.args[0] + "/x", "")`, true],
  "write beside the data folder": [`Deno.writeTextFileSync(Deno.args[0] + ".x", "")`, false],
};

Deno.test("a server that somebody took over can start no program and reach no other machine or file", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_grants_" });
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const tries = Object.entries(ATTEMPTS).map(([name, [attempt]]) =>
      `try { ${attempt}; told[${JSON.stringify(name)}] = "done"; } catch (error) { told[${
        JSON.stringify(name)
      }] = error.name + " " + error.message; }`
    );
    await Deno.writeTextFile(script, `const told = {};\n${tries.join("\n")}\nconsole.log(JSON.stringify(told));`);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", ...permissionsOf(configuration.tasks.start, dataDir), script, dataDir],
      cwd: PROJECT,
    }).output();
    const told: Record<string, string> = JSON.parse(new TextDecoder().decode(stdout) || "{}");
    for (const [name, [, allowed]] of Object.entries(ATTEMPTS)) {
      const outcome = told[name] ?? new TextDecoder().decode(stderr);
      assert.match(outcome, allowed ? /^done$/ : /NotCapable|Requires .* access|--allow-import/, name);
    }
  } finally {
    await Deno.remove(script);
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("the networks of a server are those of its WebRTC addresses, and no more", async () => {
  const networks: [Record<string, string>, string][] = [
    [{}, NETWORK],
    [{ FINGERPOST_HOST: "::1", FINGERPOST_PORT: "1" }, `[::1]:1,${LOOPBACK}`],
    [{ FINGERPOST_RTC_HOSTS: "192.168.0.10" }, "127.0.0.1:8000,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10"],
    [{ FINGERPOST_RTC_HOSTS: "203.0.113.7" }, "127.0.0.1:8000,0.0.0.0/0"],
    [{ FINGERPOST_RTC_HOSTS: "nonsense" }, NETWORK],
  ];
  for (const [env, expected] of networks) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "grants", "net"],
      cwd: PROJECT,
      env,
    }).output();
    assert.equal(new TextDecoder().decode(stdout), expected, JSON.stringify(env));
  }
});

Deno.test("deno task mcp reaches the server that it is told and nothing else", async () => {
  const servers: [Record<string, string>, string][] = [
    [{}, "127.0.0.1:8000"],
    [{ FINGERPOST_URL: "http://[::1]:9000/" }, "[::1]:9000"],
    [{ FINGERPOST_URL: "https://fingerpost.example.org" }, "fingerpost.example.org:443"],
    [{ FINGERPOST_URL: "nonsense" }, "127.0.0.1:8000"],
    [{ FINGERPOST_URL: "http://a,b:1" }, "127.0.0.1:8000"],
  ];
  await Promise.all(servers.map(async ([env, expected]) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "grants", "server"],
      cwd: PROJECT,
      env,
    }).output();
    assert.equal(new TextDecoder().decode(stdout), expected, JSON.stringify(env));
  }));
  assert.match(
    configuration.tasks.mcp,
    /--allow-net="\$SERVER" --allow-read=schema\.graphql,src\/mcp src\/main\.ts mcp$/,
  );
  assert.doesNotMatch(configuration.tasks.mcp, /--allow-(write|run|ffi|sys|all)|-A/);
});

/** The permission flags of a task, with what it asks `deno task grants` for put in. */
function permissionsOf(task: string, dataDir: string): string[] {
  const [, flags = ""] = /deno run (.*) src\/main\.ts/.exec(task) ?? [];
  assert.match(flags, /^(--[\w-]+(=("[^"]*"|[^" ]*))? ?)+$/, "as the task has them");
  return flags.replaceAll('"', "").replaceAll("$NET", NETWORK).replaceAll("$DATA", dataDir).split(" ");
}
