import type { TokenScope } from "../base/actor.ts";
import type { WaitingClient } from "../pairing/pairing.ts";
import type { Project } from "../projects/projects.ts";
import type { User } from "../users/users.ts";
import { type Html, html } from "./_html.ts";

/** How long what is paired may be good for; null: until it is revoked. */
export const LIFETIMES: Record<string, { label: string; days: number | null }> = {
  day: { label: "1 day", days: 1 },
  month: { label: "30 days", days: 30 },
  quarter: { label: "90 days", days: 90 },
  year: { label: "1 year", days: 365 },
  forever: { label: "Until I revoke it", days: null },
};
/** What is chosen where nobody chose. */
export const USUAL_LIFETIME = "month";

const SCOPES: Record<TokenScope, string> = {
  ELEMENTS_READ: "Read captured elements",
  ELEMENTS_WRITE: "Capture elements, change and delete them",
  SIGNALS: "Connect pages live and talk to those that are",
  LIVE_COMMANDS: "Ask connected pages to highlight, inspect and take screenshots",
  AUDIT_READ: "Read the audit log of this server, if you are an admin",
};

/** What a person who is asked to approve sees. */
export interface Approval {
  client: WaitingClient;
  user: User;
  projects: Project[];
  /** The one that is chosen where nobody chose; null: the newest. */
  usualProject: string | null;
  /** Where the person is, to compare with where the client asked from. */
  ipAddress: string | null;
  /** Why the last attempt failed. */
  problem: string | null;
}

/** Asks who it is. */
export function signInView({ code, email, problem }: { code: string; email: string; problem: string | null }): Html {
  return html`<h1>Sign in to pair a client</h1>
${problemLine(problem)}
<form method="post" action="/pair">
<input type="hidden" name="action" value="sign_in"><input type="hidden" name="code" value="${code}">
<label for="email">E-mail</label>
<input id="email" name="email" type="text" inputmode="email" autocomplete="username" value="${email}" required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button class="go" type="submit">Sign in</button>
</form>`;
}

/** Asks for the code. */
export function codeView({ code, user, problem }: { code: string; user: User; problem: string | null }): Html {
  return html`
    <h1>Pair a client</h1>
    ${problemLine(problem)}
    <form method="get" action="/pair">
      <label for="code">The code that it shows</label>
      <input id="code" name="code" value="${code}" placeholder="XXXX-XXXX" maxlength="20" autocomplete="off"
        autocapitalize="characters" spellcheck="false" aria-describedby="hint" required>
      <p class="quiet" id="hint">Eight letters. Only type a code that you see in a client of your own.</p>
      <button class="go" type="submit">Go on</button>
    </form>
    ${signedInAs(user, code)}
  `;
}

/** Shows what asks, and asks what to do. */
export function approvalView(approval: Approval): Html {
  const { client, user, problem } = approval;
  return html`
    <h1>Let “<bdi>${client.clientName}</bdi>” in?</h1>
    ${problemLine(problem)}
    <p>It must show this code. If it shows another one, or you did not start this yourself, refuse.</p>
    <p class="code">${client.userCode}</p>
    ${addressWarning(approval)}
    <h2>It may, as ${user.name}</h2>
    <ul>${client.scopes.map((scope) => html`<li>${SCOPES[scope]}</li>`)}</ul>
    <dl>
      <dt>Asks from</dt>
      <dd>${client.ipAddress ?? "an unknown address"}</dd>
      <dt>Says it is</dt>
      <dd>${client.userAgent ?? "nothing"}</dd>
      <dt>Good until</dt>
      <dd><time datetime="${new Date(client.expiresAt).toISOString()}">${utcTime(client.expiresAt)}</time></dd>
    </dl>
    ${decisionForm(approval)}
    ${signedInAs(user, client.userCode)}
  `;
}

/** Says what was decided. */
export function decidedView(approved: boolean): Html {
  return approved
    ? html`<h1>Paired</h1>
<p role="status">Go back to the client: it is let in within a few seconds. You can close this page.</p>
<p class="quiet">It is now among your access tokens, by its name, and can be revoked there.</p>`
    : html`<h1>Refused</h1>
<p role="status">The client was not let in, and its code is no longer good. You can close this page.</p>`;
}

/** Says why nothing can be shown. */
export function refusedView(message: string): Html {
  return html`<h1>This did not work</h1>
${problemLine(message)}
<p><a href="/pair">Start again</a></p>`;
}

function decisionForm(approval: Approval): Html {
  const lifetimes = Object.entries(LIFETIMES).map(([key, { label }]) => option(key, label, USUAL_LIFETIME));
  return html`
    <form method="post" action="/pair">
      <input type="hidden" name="code" value="${approval.client.userCode}">
      ${projectField(approval)}
      <label for="lifetime">For how long</label>
      <select id="lifetime" name="lifetime">${lifetimes}</select>
      <div class="row"><button type="submit" name="action" value="deny" formnovalidate>Refuse</button><button class="go"
    type="submit" name="action" value="approve">Approve</button></div>
    </form>
  `;
}

function projectField({ projects, usualProject }: Approval): Html {
  const [newest] = projects;
  if (newest === undefined) {
    return html`
      <label for="new_project">Your first project</label>
      <input id="new_project" name="new_project" value="My project" maxlength="200" autocomplete="off"
        aria-describedby="new_project_hint" required>
      <p class="quiet" id="new_project_hint">You are in none yet. Approving makes this one; what is captured lies in it.</p>
    `;
  }
  const chosen = usualProject ?? newest.id;
  return html`<label for="project">Project</label>
<select id="project" name="project">${projects.map(({ id, name }) => option(id, name, chosen))}${
    option(
      "",
      "All of my projects",
      chosen,
    )
  }</select>`;
}

function option(value: string, label: string, chosen: string): Html {
  return html`
    <option value="${value}" ${value === chosen
      ? html`
        selected
      `
      : null}>${label}</option>
  `;
}

// RFC 8628 §5.4: somebody who is far away asks one to approve theirs.
function addressWarning({ client, ipAddress }: Approval): Html | null {
  if (client.ipAddress === ipAddress) return null;
  return html`<p class="warn"><strong>It asks from another address than yours.</strong> Somebody else may have sent you here:
approve only what you hold in your own hands.</p>`;
}

function signedInAs({ name, email }: User, code: string): Html {
  return html`<form class="as" method="post" action="/pair">
<input type="hidden" name="action" value="sign_out"><input type="hidden" name="code" value="${code}">
<span class="quiet">Signed in as ${name} (${email})</span><button type="submit">Not you?</button>
</form>`;
}

function problemLine(problem: string | null): Html | null {
  return problem === null ? null : html`<p class="bad" role="alert">${problem}</p>`;
}

function utcTime(time: number): string {
  return `${new Date(time).toISOString().slice(11, 16)} UTC`;
}
