import { attributes, html, made, madeHex, type MaskingCase } from "./masking_cases.ts";

const csrf = made("csrf", 40);
const state = made("viewState", 64);
const apiKey = madeHex("apiKey");

/** Inputs and metas: what is secret by what it is for. */
export const INPUT_CASES: MaskingCase[] = [
  html("double quotes", `<input type="password" value="hunter2-a">`, { "hunter2-a": "password" }),
  html("single quotes", `<input type='password' value='hunter2-b'>`, { "hunter2-b": "password" }),
  html("no quotes", `<input type=password value=hunter2-c>`, { "hunter2-c": "password" }),
  html("the value first", `<input value="hunter2-d" name="x" type="password">`, { "hunter2-d": "password" }),
  html("capitals", `<INPUT TYPE="PASSWORD" VALUE="hunter2-e">`, { "hunter2-e": "password" }),
  html("a type in entities", `<input type="pass&#119;or&#x64;" value="hunter2-f">`, { "hunter2-f": "password" }),
  html("a value in entities", `<input type="password" value="a&quot;b&amp;hunter2-g">`, {
    "a&quot;b&amp;hunter2-g": "password",
  }),
  html("blanks around the equals sign", `<input type = "password" value\n=\t"hunter2-h">`, { "hunter2-h": "password" }),
  html("slashes between attributes", `<input/type="password"/value="hunter2-i"/>`, { "hunter2-i": "password" }),
  html("a greater-than sign in the value", `<input type="password" value="a>hunter2-j">`, {
    "a>hunter2-j": "password",
  }),
  html("a tag in the value", `<input value="<b>hunter2-k</b>" type="password">`, { "<b>hunter2-k</b>": "password" }),
  html("blanks in the value", `<input type="password" value="correct horse battery-l">`, {
    "correct horse battery-l": "password",
  }),
  html("a short value", `<input type="password" value="7">`, { "7": "password" }),
  html("a value that is cut", `<p>Hi</p><input type="password" value="hunter2-m`, { "hunter2-m": "password" }),
  html("a tag that is cut", `<input type="password" value="hunter2-n"`, { "hunter2-n": "password" }),
  html("two attributes without values", `<input required type="password" autofocus value="hunter2-o" disabled>`, {
    "hunter2-o": "password",
  }),
  html("stray quotes", `<input type="password"" 'value="hunter2-p">`, { "hunter2-p": "password" }),
  html("many inputs", `<input value="Ada"><input type=password value="hunter2-q"><input type="text" value="Eve">`, {
    "hunter2-q": "password",
  }),
  html("an apostrophe in the text before", `<p>Don't</p><input type="password" value="hunter2-r">`, {
    "hunter2-r": "password",
  }),
  html("a comment", `<!-- <input type="password" value="hunter2-s"> -->`, { "hunter2-s": "password" }),
  html(
    "an escaped srcdoc",
    `<iframe srcdoc="&lt;input type=&quot;password&quot; value=&quot;my hunter2-t&quot;&gt;"></iframe>`,
    {
      "my hunter2-t": "password",
    },
  ),
  html("a string of JSON", `<script>x={"h":"<input type=\\"password\\"\\n value=\\"hunter2-u\\">"}</script>`, {
    "hunter2-u": "password",
  }),
  html("a custom element", `<sl-input type="password" label="Secret" value="hunter2-v"></sl-input>`, {
    "hunter2-v": "password",
  }),
  html(
    "other attributes with the value",
    `<input type="password" data-initial-value="hunter2-w" ng-reflect-model="hunter2-w">`,
    {
      "hunter2-w": "password",
    },
  ),
  html("a password that is shown", `<input type="text" name="user[password]" value="hunter2-x">`, {
    "hunter2-x": "password",
  }),
  html("a repeated one", `<input type="text" id="passwordConfirmation" value="hunter2-y">`, {
    "hunter2-y": "password",
  }),
  html("what stands in the page too", `<input type="password" value="hunter2-z"><output>hunter2-z</output>`, {
    "hunter2-z": "password",
  }),
  html("autocomplete current-password", `<input autocomplete="section-a current-password" value="hunter3-a">`, {
    "hunter3-a": "password",
  }),
  html("autocomplete new-password", `<input value="hunter3-b" autocomplete=new-password>`, { "hunter3-b": "password" }),
  html("autocomplete one-time-code", `<input autocomplete="one-time-code" inputmode="numeric" value="482913">`, {
    "482913": "code",
  }),
  html("autocomplete cc-number", `<input autocomplete="billing cc-number" value="4242 4242 4242 4242">`, {
    "4242 4242 4242 4242": "card",
  }),
  html("autocomplete cc-csc", `<input autocomplete="cc-csc" value="737">`, { "737": "card" }),
  html("a card by its name", `<input type="tel" name="cardNumber" value="5555555555554444">`, {
    "5555555555554444": "card",
  }),
  html("Rails' token", `<input type="hidden" name="authenticity_token" value="${csrf}">`, { [csrf]: "token" }),
  html("ASP.NET's token", `<input name="__RequestVerificationToken" type="hidden" value="${csrf}" />`, {
    [csrf]: "token",
  }),
  html("Django's token", `<input type="hidden" name="csrfmiddlewaretoken" value="${csrf}">`, { [csrf]: "token" }),
  html("a hidden session id", `<input type="hidden" name="sessionId" value="${csrf}">`, { [csrf]: "token" }),
  html("a hidden state", `<input type="hidden" name="__VIEWSTATE" value="${state}">`, { [state]: "token" }),
  html("a hidden input of an ordinary name", `<input type="hidden" name="state" id="f" value="${csrf}">`, {
    [csrf]: "token",
  }),
  html("a key that is shown", `<input type="text" readonly name="api_key" value="${apiKey}">`, { [apiKey]: "key" }),
  html("a meta", `<meta name="csrf-token" content="${csrf}">`, { [csrf]: "token" }),
  html(
    "a meta the other way round",
    `<meta content='${csrf}' name='csrf-token'><meta name="csrf-param" content="authenticity_token">`,
    {
      [csrf]: "token",
    },
  ),
  attributes(["a password's value", "INPUT"], { type: "password", value: "hunter4-a", placeholder: "Password" }, {
    "hunter4-a": "password",
  }),
  attributes(["capitals in names", "input"], { VALUE: "hunter4-b", Type: "Password" }, { "hunter4-b": "password" }),
  attributes(["a one-time code's value", "INPUT"], { autocomplete: "one-time-code", value: "591824" }, {
    "591824": "code",
  }),
  attributes(["a hidden token", "INPUT"], { type: "hidden", name: "csrf_token", value: csrf }, { [csrf]: "token" }),
  attributes(["a meta's content", "META"], { name: "csrf-token", content: csrf }, { [csrf]: "token" }),
  attributes(["a custom element's value", "SL-INPUT"], { type: "password", value: "hunter4-c" }, {
    "hunter4-c": "password",
  }),
  {
    about: "a selector by a value",
    field: "selector",
    value: `form > input[value="1234"]`,
    secrets: { "1234": "password" },
    others: { html: `<input type="password" value="1234">` },
  },
  {
    about: "a name that assistive technology is told",
    field: "accessibility",
    value: { role: "textbox", name: "Shown: hunter4-d" },
    secrets: { "hunter4-d": "password" },
    others: { html: `<input type="password" value="hunter4-d">` },
  },
];
