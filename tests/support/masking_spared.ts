import { attributes, html, made, madeHex, type MaskingCase, text, url } from "./masking_cases.ts";

const SHA = madeHex("a", 39);
const UUID = "0192f7a4-6b1c-7d3e-9f00-a1b2c3d4e5f6";
const png = `data:image/png;base64,${(made("iVBORw0KGgo", 4_000) + "/AKIA+eyJ/sk").replaceAll(/(.{90})/g, "$1+/")}==`;

/** What looks a little like a secret and is none: stored as it was sent. */
export const SPARED_CASES: MaskingCase[] = [
  html(
    "ids and hashed classes",
    `<div id="item-3f2a9c1e8b7d" class="css-1q2w3e4 Button_root__3xK9a sc-bdVaJa jss1234">A</div>`,
  ),
  html("data-testid", `<button data-testid="token-form-submit-2" data-key="a1b2c3d4e5f6g7h8i9" key="row-1">A</button>`),
  html("a spinner", `<div class="sk-fading-circle sk-folding-cube-container-3 task-list-item-checkbox"></div>`),
  html(
    "a hash in an asset's path",
    `<script src="/assets/app.${SHA}.js?v=${SHA}" integrity="sha384-${made("oq", 62)}"></script>`,
  ),
  html("an image in base64", `<img src="${png}" alt="key=1">`),
  html("a font in base64", `<style>@font-face{src:url(data:font/woff2;base64,${made("d09GMg", 500)})}</style>`),
  html(
    "colours and tokens of a design",
    `<p data-token="color-primary-500" data-design-token="spacing.large.2x" style="--token-color: #fff">A</p>`,
  ),
  html(
    "a text input",
    `<input type="text" name="city" value="Hamburg 20095"><input type="search" name="q" value="password reset">`,
  ),
  html("a search for keys", `<input type="search" id="key-search" name="keyword" value="monkey1234">`),
  html(
    "an empty password",
    `<input type="password" name="password" value="" placeholder="Password1!" autocomplete="current-password">`,
  ),
  html(
    "a box that shows the password",
    `<input type="checkbox" name="show_password" value="1"><label for="password">Password</label>`,
  ),
  html("fields beside a password", `<input type="email" name="forgot_password" value="ada1815@example.com">`),
  url("pages about passwords", "https://shop.example/?forgot_password=step-2&show-password=1&reset-password=now#pw"),
  html("a submit button", `<input type="submit" name="reset_password" value="Reset password">`),
  html(
    "a hidden id",
    `<input type="hidden" name="order_id" value="${UUID}"><input type="hidden" name="commit" value="${SHA}">`,
  ),
  html(
    "a hidden setting",
    `<input type="hidden" name="remember_password" value="true"><input type="hidden" name="utf8" value="✓">`,
  ),
  html(
    "other metas",
    `<meta name="csrf-param" content="authenticity_token"><meta name="viewport" content="width=device-width"><meta name="theme-color" content="#0f172a">`,
  ),
  html(
    "a label and its texts",
    `<label data-label-password="Choose a password" data-toggle-password="#pw-1">Password: at least 8 characters</label>`,
  ),
  html(
    "texts for translation",
    `<script>{"password":"Passwort","token":"Zugangs-Token","apiKey":"API-Schlüssel","passwordLabel":"Password2"}</script>`,
  ),
  html(
    "lengths and rules",
    `<input type="text" data-password-min-length="12345678" pattern="[a-z0-9]{8,64}" maxlength="64" value="Ada Lovelace 1815">`,
  ),
  html(
    "an SVG",
    `<svg viewBox="0 0 24 24"><path d="M12 4v16m8-8H4M6 18L18 6M6 6l12 12"/><use href="#icon-key"/></svg>`,
  ),
  html(
    "entities, odd quotes and breaks",
    `<p title='a "b" &amp; c' data-a=b\n>1 &lt; 2 &#38; 3</p><br/>\r\n<!--x-->\t<b  >ü\u{1F600}</b >`,
  ),
  html("an ASCII table", `<pre>key   | code\n------+-----\nabc=1 | x==y</pre>`),
  html(
    "a public key",
    `<form data-sitekey="6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ" data-stripe="${made("pk" + "_live_", 24)}"></form>`,
  ),
  html("a certificate", `<pre>-----BEGIN CERTIFICATE-----\n${made("MIID", 60)}\n-----END CERTIFICATE-----</pre>`),
  html(
    "an example of a key's form",
    `<textarea placeholder="-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----"></textarea>`,
  ),
  html(
    "placeholders in documentation",
    `<code>curl "https://api.example/?api_key=YOUR_API_KEY&amp;token={token}&amp;password=&lt;password&gt;"</code>`,
  ),
  html(
    "scripts",
    `<script>i.token=function(){};if(void 0===t.username&&t.password===x)u.#t.password=this.password2;
      const uint8Signature = pvtsutils.BufferSourceConverter.toUint8Array, p256Secret = exports.p256PreMasterSecret</script>`,
  ),
  html(
    "code that speaks of tokens",
    `<code>const token = getToken(); if (password === confirmPassword) session = await auth(req)</code>`,
  ),
  html(
    "a custom element",
    `<user-card name="token-of-thanks" value="3"></user-card><x-meter value="0.75" id="password-strength"></x-meter>`,
  ),
  url(
    "parameters of any page",
    `https://shop.example/p/${UUID}?page=2&sort=price&key=name&code=US&state=CA&session=1&auth=none#token`,
  ),
  url("a campaign", "https://shop.example/?utm_source=mail&utm_campaign=spring-2026&gclid=abc123&promo=CODE20"),
  url(
    "a token that is a coin",
    "https://swap.example/?token=usdc&fromToken=ETH&toToken=DAI&pageToken=CAoQAA1234567890",
  ),
  url("a voucher and an error", "https://shop.example/?code=SPRING20&error_code=ERR_404&zipcode=20095&keyword=monkey"),
  url("a commit", `https://git.example/a/b/commit/${SHA}?diff=split&w=1`),
  url("a port and an at sign", "https://shop.example:8443/@scope/package@1.2.3?mail=ada@example.com"),
  url("an anchor", "https://docs.example/auth#session-tokens-and-api-keys"),
  text(
    "an ordinary text",
    "The token of the password is the key. Basic understanding of Bearer authentication-and-authorization is needed.",
  ),
  text("a key of a keyboard", "Press the key: F5, or key=Enter. Code: 42. State: open. Session: 3 of 5."),
  text(
    "words with underscores",
    "fp_button__label hf_section_title_of_the_page npm_config_registry_url gho_st github_pat_tern",
  ),
  text("three parts with dots", "eyJhIjoxfQ.eyJiIjoyfQ.c com.example.shop.PaymentServiceImplementation2 1.2.3-beta.4"),
  text("a mail and times", "ada@example.com wrote at 12:30:45 to eve:bob, see https://shop.example/a:b"),
  text("a marker", "[masked:token] ?token=[masked:token] password: [masked:password]"),
  attributes(["ordinary ones", "A"], {
    id: "key",
    "data-id": UUID,
    class: "token keyword",
    href: `/p/${UUID}`,
    "data-password": "true",
    title: "Secret Santa 2026",
  }),
  attributes(["a button's value", "BUTTON"], { type: "submit", name: "commit", value: "Save password 1" }),
  {
    about: "styles and variables",
    field: "computedStyles",
    value: {
      "--token-size-1": "12px",
      "--key": "a1b2c3d4",
      "background-image": `url("/a.${SHA}.png?v=2")`,
      "font-family": '"Inter var", sans-serif',
      transition: "color 0.15s cubic-bezier(0.4, 0, 0.2, 1)",
    },
    secrets: {},
  },
  {
    about: "a component",
    field: "component",
    value: { framework: "react", name: "PasswordInput", file: "src/auth/TokenForm.tsx", line: 42, column: 7 },
    secrets: {},
  },
  {
    about: "a selector",
    field: "selector",
    value: `#password-field > input[type="password"][name="token"].css-1q2w3e4:nth-child(2)`,
    secrets: {},
  },
];
