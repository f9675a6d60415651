import type { Actor, UserActor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { isId } from "../base/ids.ts";
import { httpStatus } from "../graphql/error_mask.ts";
import type { Pairing, WaitingClient } from "../pairing/pairing.ts";
import { projectNameSchema } from "../projects/project_input.ts";
import type { Projects } from "../projects/projects.ts";
import { clearedSessionCookie, sessionCookie } from "../sessions/cookies.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Users } from "../users/users.ts";
import { pageResponse } from "./_frame.ts";
import {
  approvalView,
  codeView,
  decidedView,
  LIFETIMES,
  refusedView,
  signInView,
  USUAL_LIFETIME,
} from "./_pair_views.ts";

/** What a browser asks of the page. */
export interface PageRequest {
  /** A guest, or a person by their session. */
  actor: Actor;
  /** The parameters of the URL. */
  search: URLSearchParams;
  /** What its form sends; null: the page is only looked at. It comes from the server's own page, which the caller has made sure of. */
  form: URLSearchParams | null;
}

/** What the page is built on. */
export interface PairPageDependencies {
  pairing: Pick<Pairing, "find" | "decide">;
  sessions: Pick<Sessions, "signIn" | "signOut">;
  projects: Pick<Projects, "list" | "firstOwn" | "create">;
  users: Pick<Users, "get">;
  /** Has the audit log tell of a refusal. */
  noteRefusal: (actor: Actor, error: unknown, operation: string) => void;
  secureCookies: boolean;
  clock: Clock;
}

const DAY_MS = 86_400_000;
const TITLE = "Pair a client";
/** More are not of use in a list to choose from. */
const MAX_PROJECTS = 100;

/** Answers for `/pair`, where a person signs in, sees which client asks, and approves or refuses it. No scripts. */
export function createPairPage(
  { pairing, sessions, projects, users, noteRefusal, secureCookies, clock }: PairPageDependencies,
): (request: PageRequest) => Promise<Response> {
  return async ({ actor, search, form }) => {
    try {
      return form === null ? await show(actor, search) : await carryOut(actor, form);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return refused(actor, error);
    }
  };

  async function show(actor: Actor, search: URLSearchParams): Promise<Response> {
    const decided = search.get("decided");
    if (decided !== null) return page(decidedView(decided === "approved"));
    const code = search.get("code") ?? "";
    if (actor.kind !== "user") return page(signInView({ code, email: "", problem: null }));
    return code === "" ? await askCode(actor, { code, problem: null }) : await askApproval(actor, code);
  }

  async function askCode(
    actor: UserActor,
    { code, problem, status = 200 }: { code: string; problem: string | null; status?: number },
  ): Promise<Response> {
    return page(codeView({ code, problem, user: await users.get(actor, actor.userId) }), { status });
  }

  async function askApproval(actor: UserActor, code: string, refusal: AppError | null = null): Promise<Response> {
    const client = await findClient(actor, code);
    if (client instanceof AppError) {
      const { message: problem } = client;
      return await askCode(actor, { code, problem, status: httpStatus(client.code) });
    }
    const { items } = await projects.list(actor, { limit: MAX_PROJECTS, fromEnd: false, after: null, before: null });
    const approval = {
      client,
      user: await users.get(actor, actor.userId),
      projects: items,
      usualProject: await usualProject(actor),
      ipAddress: actor.origin.ipAddress,
      problem: refusal?.message ?? null,
    };
    return page(approvalView(approval), { status: refusal === null ? 200 : httpStatus(refusal.code) });
  }

  async function findClient(actor: UserActor, code: string): Promise<WaitingClient | AppError> {
    try {
      return await pairing.find(actor, code);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "NOT_FOUND") throw error;
      return error;
    }
  }

  async function usualProject(actor: UserActor): Promise<string | null> {
    try {
      return await projects.firstOwn(actor);
    } catch (error) {
      if (error instanceof AppError && error.code === "NOT_FOUND") return null;
      throw error;
    }
  }

  async function carryOut(actor: Actor, form: URLSearchParams): Promise<Response> {
    const [action, code] = [form.get("action"), form.get("code") ?? ""];
    if (action === "sign_in") return await signIn(actor, form, code);
    if (actor.kind !== "user") return page(signInView({ code, email: "", problem: "Sign in first" }), { status: 403 });
    if (action === "sign_out") {
      await sessions.signOut(actor);
      return goOn(code, { "set-cookie": clearedSessionCookie(secureCookies) });
    }
    if (action === "approve" || action === "deny") {
      return await decide(actor, form, { code, approve: action === "approve" });
    }
    throw new AppError("INVALID_INPUT", "Cannot do what this form asks for");
  }

  async function signIn(actor: Actor, form: URLSearchParams, code: string): Promise<Response> {
    const [email, password] = [form.get("email") ?? "", form.get("password") ?? ""];
    try {
      const { token } = await sessions.signIn(actor, { email, password });
      return goOn(code, { "set-cookie": sessionCookie(token, secureCookies) });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "INVALID_CREDENTIALS") throw error;
      // No 401: a browser takes that for a question that it is to ask itself.
      return page(signInView({ code, email, problem: error.message }), { status: 403 });
    }
  }

  async function decide(
    actor: UserActor,
    form: URLSearchParams,
    { code, approve }: { code: string; approve: boolean },
  ): Promise<Response> {
    const days = LIFETIMES[form.get("lifetime") ?? USUAL_LIFETIME]?.days;
    try {
      if (days === undefined) throw unlisted();
      const expiresAt = days === null ? null : clock.now() + days * DAY_MS;
      const projectId = approve ? await chosenProject(actor, form, code) : null;
      await pairing.decide(actor, { userCode: code, approve, projectId, expiresAt });
    } catch (error) {
      if (!(error instanceof AppError) || error.code === "RATE_LIMITED") throw error;
      return await askApproval(actor, code, error);
    }
    return redirect(`/pair?decided=${approve ? "approved" : "denied"}`);
  }

  /** null: all of the person's. Who has none yet names one, which is made. */
  async function chosenProject(actor: UserActor, form: URLSearchParams, code: string): Promise<string | null> {
    const newName = form.get("new_project");
    if (newName !== null) {
      const { success, data: name } = projectNameSchema.safeParse(newName);
      if (!success) throw new AppError("INVALID_INPUT", "Cannot call a project so: its name has 1 to 200 characters");
      // Nothing is made for a code that is no longer good.
      await pairing.find(actor, code);
      return (await projects.create(actor, { name })).id;
    }
    const project = form.get("project") ?? "";
    if (project !== "" && !isId(project)) throw unlisted();
    return project === "" ? null : project;
  }

  function refused(actor: Actor, error: AppError): Response {
    noteRefusal(actor, error, "/pair");
    const { retryAfterSeconds } = error.details;
    const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
    return page(refusedView(error.message), { status: httpStatus(error.code), headers });
  }
}

function unlisted(): AppError {
  return new AppError("INVALID_INPUT", "Cannot do this for that project or time: choose one of the list");
}

function page(
  content: ReturnType<typeof refusedView>,
  options: { status?: number; headers?: Record<string, string> } = {},
) {
  return pageResponse(content, { title: TITLE, ...options });
}

function goOn(code: string, headers: Record<string, string>): Response {
  return redirect(code === "" ? "/pair" : `/pair?${new URLSearchParams({ code })}`, headers);
}

// So that going back or loading anew sends nothing again. RFC 9110 §15.4.4
function redirect(location: string, headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 303, headers: { location, ...headers } });
}
