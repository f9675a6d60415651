import { attributes, html, made, madeHex, madeJwt, type MaskingCase, text } from "./masking_cases.ts";

/** Formats of services, by kind. In parts, so that nothing that scans this repository takes one for real. */
const FORMATS: Record<"token" | "key", string[]> = {
  token: [
    made("fp" + "_", 51),
    ...["p", "o", "u", "s", "r"].map((letter) => made(`gh${letter}_`)),
    made("github" + "_pat_", 60),
    made("glpat" + "-", 20),
    made("xox" + "b-1234567890-", 24),
    made("xox" + "p-1234567890-", 24),
    made("npm" + "_"),
    made("hf" + "_", 34),
    made("ya29" + ".", 60),
    made("pypi" + "-AgE", 60),
    madeHex("shpat" + "_"),
  ],
  key: [
    made("sk" + "_live_", 24),
    made("sk" + "_test_", 24),
    made("rk" + "_live_", 24),
    made("whsec" + "_", 32),
    made("AKIA", 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    made("ASIA", 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    made("AIza", 35),
    made("GOCSPX" + "-", 28),
    made("sk" + "-", 48),
    made("sk" + "-proj-", 48),
    made("sk" + "-ant-api03-", 80),
    `SG.${made("", 22)}.${made("s", 43)}`,
    madeHex("SK"),
  ],
};

const signed = madeJwt({ alg: "HS256", typ: "JWT" }, "1");
const encrypted = `${madeJwt({ enc: "A256GCM", alg: "dir" }, "2")}.${made("e", 22)}.${made("t", 22)}`;
const hex = madeHex("named");
const mixed = made("Named", 32);
const body = `${made("MII", 61)}\n${made("B", 63)}\n`;
const pem = (kind: string, inner: string) =>
  `-----BEGIN ${kind}PRIVATE KEY-----${inner}-----END ${kind}PRIVATE KEY-----`;

/** What is secret by how it looks, or by the name beside it. */
export const FORMAT_CASES: MaskingCase[] = [
  ...Object.entries(FORMATS).flatMap(([kind, tokens]) =>
    tokens.map((token) =>
      text(`a ${token.slice(0, 6)}…`, `Use ${token}, once.`, { [token]: kind as keyof typeof FORMATS })
    )
  ),
  html("a token in a link's path", `<a href="/verify/${signed}/now">Verify</a>`, { [signed]: "token" }),
  html("one in an attribute", `<div data-x="${signed}" class="a">A</div>`, { [signed]: "token" }),
  html("one in a script", `<script>start("${signed}")</script>`, { [signed]: "token" }),
  html("one in JSON behind a line break", `<script type="application/json">{"a":"b\\n${signed}"}</script>`, {
    [signed]: "token",
  }),
  html("one behind percent-encoding", `<a href="/?d=%22${made("ghp_")}%22">A</a>`, { [made("ghp_")]: "token" }),
  html(
    "one among images",
    `<img src="data:image/png;base64,iVBORw0KGgo="><b>${signed}</b><img src="data:image/png;base64,iVBORw0KGgo=">`,
    {
      [signed]: "token",
    },
  ),
  text("a token that is encrypted", `It is ${encrypted} here`, { [encrypted]: "token" }),
  text("a token behind what looks like one", `eyJhIjoxfQ.${signed}`, { [signed]: "token" }),
  html("data-secret", `<i data-client-secret="s3cr3tvalue1"></i>`, { s3cr3tvalue1: "key" }),
  text("a cookie", `Cookie: theme=dark; session=${hex}; lang=en`, { [hex]: "token" }),
  text("Bearer in a header, whatever it looks like", "authorization: Bearer swordfish-swordfish", {
    "swordfish-swordfish": "token",
  }),
  text("an environment's password", "DB_HOST=db.example\nDB_PASSWORD=tr0ub4dor-7\nDB_PORT=5432", {
    "tr0ub4dor-7": "password",
  }),
  text("libpq's words", "host=db.example user=app password=tr0ub4dor-8 dbname=shop", { "tr0ub4dor-8": "password" }),
  text("Bearer", `Authorization: Bearer ${hex}`, { [hex]: "token" }),
  text("bearer in small letters", `curl -H 'authorization: bearer ${mixed}' https://api.example/`, {
    [mixed]: "token",
  }),
  text("Basic", `Authorization: Basic ${btoa("ada:lovelace-1")}`, { [btoa("ada:lovelace-1")]: "password" }),
  text("a private key", pem("", `\n${body}`), { [`\n${body}`]: "key" }),
  text("an RSA key", `before ${pem("RSA ", `\n${body}`)} behind`, { [`\n${body}`]: "key" }),
  text("two keys", `${pem("EC ", `\n${body}`)}\n${pem("OPENSSH ", `\n${body}`)}`, { [`\n${body}`]: "key" }),
  text("a key that is cut", `-----BEGIN PRIVATE KEY-----\n${body}`, { [`\n${body}`]: "key" }),
  html("a key in JSON", `<script>{"k":"${pem("", `\\n${made("MII", 61)}\\n`)}"}</script>`, {
    [`\\n${made("MII", 61)}\\n`]: "key",
  }),
  html("data-token", `<div data-token="${hex}" id="a">A</div>`, { [hex]: "token" }),
  html("data-api-key", `<div id="a" data-api-key='${mixed}'>A</div>`, { [mixed]: "key" }),
  html("data-csrf", `<body data-csrf="${mixed}"><p>A</p></body>`, { [mixed]: "token" }),
  html("data-password", `<div data-password="tr0ub4dor">A</div>`, { tr0ub4dor: "password" }),
  html("JSON in a script", `<script>window.__STATE__={"user":{"id":7},"csrfToken":"${hex}","theme":"dark"}</script>`, {
    [hex]: "token",
  }),
  html("JSON in an attribute", `<div data-props="{&quot;apiKey&quot;:&quot;${mixed}&quot;,&quot;n&quot;:1}"></div>`, {
    [mixed]: "key",
  }),
  html("a script's variable", `<script>const clientSecret = '${mixed}', size = 12;</script>`, { [mixed]: "key" }),
  text("a text with a name", `Your API key: ${hex} (keep it)`, { [hex]: "key" }),
  text("an environment file", `NODE_ENV=production\nAWS_SECRET_ACCESS_KEY=${made("wJalr", 35)}\nPORT=80`, {
    [made("wJalr", 35)]: "key",
  }),
  attributes(["data-token", "DIV"], { "data-token": hex, id: "a" }, { [hex]: "token" }),
  attributes(["a token in any of them", "DIV"], { title: `Bearer ${mixed}`, lang: "en" }, { [mixed]: "token" }),
  attributes(["one deep inside", "DIV"], { data: { list: [1, { deep: signed }] } }, { [signed]: "token" }),
  {
    about: "an id",
    field: "domId",
    value: `row-${made("glpat-", 20)}`.slice(4),
    secrets: { [made("glpat-", 20)]: "token" },
  },
];
