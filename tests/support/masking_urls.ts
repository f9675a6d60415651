import { html, made, madeHex, type MaskingCase, text, url } from "./masking_cases.ts";

const hex = madeHex("hex", 40);
const mixed = made("Mix", 32);

/** Parameters that are always secret, by kind. */
const ALWAYS = {
  token: [
    "access_token",
    "id_token",
    "refresh_token",
    "accessToken",
    "auth-token",
    "X-Amz-Security-Token",
    "session_token",
  ],
  key: ["api_key", "apikey", "APIKEY", "apiKey", "client_secret", "secret", "subscription-key"],
  password: ["password", "passwd", "pwd", "user%5Bpassword%5D", "new_password", "passphrase"],
} as const;
/** Parameters of which a short word is none. */
const LIKELY = [
  "token",
  "sig",
  "signature",
  "X-Amz-Signature",
  "X-Amz-Credential",
  "jwt",
  "sid",
  "SAMLResponse",
  "_wpnonce",
];
/** Parameters that are secret where they look random. */
const RANDOM = { key: "key", code: "code", state: "token", session: "token", auth: "token", ticket: "token" } as const;

/** URLs and connection strings. */
export const URL_CASES: MaskingCase[] = [
  ...Object.entries(ALWAYS).flatMap(([kind, names]) =>
    names.map((name, index) =>
      url(`the parameter ${name}`, `https://shop.example/a?first=1&${name}=Abc${index}${kind}&last=2#top`, {
        [`Abc${index}${kind}`]: kind as keyof typeof ALWAYS,
      })
    )
  ),
  ...LIKELY.map((name) => url(`the parameter ${name}`, `https://shop.example/?${name}=${hex}`, { [hex]: "token" })),
  ...Object.entries(RANDOM).map(([name, kind]) =>
    url(`a random ${name}`, `https://shop.example/cb?lang=en&${name}=${mixed}&x=1`, { [mixed]: kind })
  ),
  url("a fragment", `https://shop.example/cb#access_token=${hex}&token_type=bearer&expires_in=3600`, {
    [hex]: "token",
  }),
  url("a fragment with a path", `https://shop.example/#/cb?id_token=${hex}&x=1`, { [hex]: "token" }),
  url("an Azure SAS", `https://a.blob.core.windows.net/c/f.png?sv=2024-11-04&se=2026-01-01&sr=b&sp=r&sig=${mixed}%3D`, {
    [`${mixed}%3D`]: "token",
  }),
  url("user and password", "https://ada:s3cret-enough@shop.example:8443/a?b=1", { "s3cret-enough": "password" }),
  url(
    "a URL in a parameter",
    `https://shop.example/in?next=https%3A%2F%2Fb.example%2F%3Fx%3D1%26token%3D${hex}%26y%3D2&z=3`,
    {
      [hex]: "token",
    },
  ),
  url("a session in the path", `https://shop.example/a;jsessionid=${hex}?x=1`, { [hex]: "token" }),
  url("a short token", "https://shop.example/?token=a1b2c3&x=1", { a1b2c3: "token" }),
  url("a one-time code by its name", "https://shop.example/?otp=73519264", { "73519264": "code" }),
  html("a link", `<a href="/in?page=2&amp;access_token=${hex}&amp;sort=up">In</a>`, { [hex]: "token" }),
  html("a link in single quotes", `<a href='/in?token=${hex}'>In</a>`, { [hex]: "token" }),
  html(
    "an image",
    `<img src="https://cdn.example/a.png?X-Amz-Date=20260101T000000Z&amp;X-Amz-Signature=${hex}" alt="A">`,
    {
      [hex]: "token",
    },
  ),
  html("a style", `<div style="background: url(https://cdn.example/a.png?sig=${mixed}) no-repeat">A</div>`, {
    [mixed]: "token",
  }),
  html("a form's action", `<form action="/reset?reset_token=${mixed}" method="post"></form>`, { [mixed]: "token" }),
  text("a sentence with a URL", `Open https://shop.example/in?token=${hex}. Then go on, please.`, { [hex]: "token" }),
  text("PostgreSQL", "postgres://app:pg-Pass1word@db.example:5432/shop?sslmode=require", {
    "pg-Pass1word": "password",
  }),
  text("MongoDB", "mongodb+srv://app:mongo@Pass2@cluster0.example/shop", { "mongo@Pass2": "password" }),
  text("Redis without a user", "redis://:redis-Pass3@cache.example:6379/0", { "redis-Pass3": "password" }),
  text("SQL Server", "Server=db;Database=shop;User Id=sa;Password=mssql-Pass4;Encrypt=true", {
    "mssql-Pass4": "password",
  }),
  text(
    "Azure Storage",
    `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${mixed}==;EndpointSuffix=core.windows.net`,
    {
      [`${mixed}==`]: "key",
    },
  ),
  text("a Slack webhook", `https://hooks.slack.com/services/T0000000/B0000000/${made("", 24)}`, {
    [made("", 24)]: "token",
  }),
  text("a Discord webhook", `https://discord.com/api/webhooks/1234567890/${made("d", 60)}`, {
    [made("d", 60)]: "token",
  }),
  text("a Telegram bot", `https://api.telegram.org/bot1234567890:${made("AA", 33)}/getMe`, {
    [made("AA", 33)]: "token",
  }),
  {
    about: "a background",
    field: "computedStyles",
    value: { "background-image": `url("https://cdn.example/a.png?x=1&sig=${hex}")` },
    secrets: { [hex]: "token" },
  },
  {
    about: "a source file",
    field: "component",
    value: {
      framework: "react",
      name: "Pay",
      file: `http://127.0.0.1:5173/src/Pay.tsx?t=1760000000&token=${mixed}`,
      line: 3,
      column: 1,
    },
    secrets: { [mixed]: "token" },
  },
  { about: "a title", field: "pageTitle", value: `Sign in ?code=${mixed}`, secrets: { [mixed]: "code" } },
  {
    about: "a selector by a link",
    field: "selector",
    value: `a[href="/in?token=${hex}"] > span`,
    secrets: { [hex]: "token" },
  },
];
