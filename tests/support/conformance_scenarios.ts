/** Where a scenario of the conformance suite passes; absent: not there. */
export interface Scenario {
  /** The revisions that have it and in which it passes, each with where. */
  passes: Partial<Record<Revision, Target[]>>;
  /** Why it, or checks of it, are left out. */
  why?: string;
  /** Checks that are left out, by where it runs. */
  without?: Partial<Record<Target, string[]>>;
}

/** A revision of the protocol. */
export type Revision = typeof REVISIONS[number];
/** The real server, or its adapter with fixtures in place of Fingerpost's tools. */
export type Target = "server" | "fixtures";

/** The revisions whose requirements are run: one of each era. */
export const REVISIONS = ["2025-11-25", "2026-07-28"] as const;

const LOGS = "no tool logs over the protocol";
const AUDIO = "nothing has a sound";
const EMBEDDED = "tools link to resources and do not embed them";
const ASKING = "no tool asks the person or the model back";
const TASKS = "extension; no tool goes on after its answer";
const SKILLS = "extension; there are none";
const SESSIONS = "the 2025 versions are served without sessions";
const SCHEMAS = "a tool's arguments are GraphQL variables, which have no conditions and no references";
const HEADERS = "no argument is sent as a header";
const PROMPTS = "no prompt has an image: get_element_screenshot gives it";

const CAPABILITIES = ["sep-2575-server-rejects-undeclared-capability", "sep-2575-missing-capability-http-400"];
const DIAGNOSTICS = [
  "sep-2575-http-server-no-independent-requests-on-stream",
  "sep-2575-server-no-log-without-loglevel",
];

const onServer: Scenario = { passes: { "2025-11-25": ["server"], "2026-07-28": ["server"] } };
const onFixtures: Scenario = { passes: { "2025-11-25": ["fixtures"], "2026-07-28": ["fixtures"] } };
const only = (revision: Revision, ...targets: Target[]): Scenario => ({ passes: { [revision]: targets } });
const leftOut = (why: string): Scenario => ({ passes: {}, why });

/** Every server scenario of the suite. */
export const SCENARIOS: Record<string, Scenario> = {
  "server-initialize": only("2025-11-25", "server"),
  "server-session-lifecycle": leftOut(SESSIONS),
  "server-stateless": {
    ...only("2026-07-28", "server", "fixtures"),
    without: { server: [...CAPABILITIES, ...DIAGNOSTICS], fixtures: CAPABILITIES },
    why: `two of 28 checks: ${ASKING}`,
  },
  "logging-set-level": leftOut(LOGS),
  "ping": only("2025-11-25", "server"),
  "completion-complete": onFixtures,
  "tools-list": onServer,
  "tools-call-simple-text": onFixtures,
  "tools-call-image": onFixtures,
  "tools-call-audio": leftOut(AUDIO),
  "tools-call-embedded-resource": leftOut(EMBEDDED),
  "tools-call-mixed-content": leftOut(EMBEDDED),
  "tools-call-with-logging": leftOut(LOGS),
  "tools-call-error": onFixtures,
  "tools-call-with-progress": onFixtures,
  "tools-call-sampling": leftOut(ASKING),
  "tools-call-elicitation": leftOut(ASKING),
  "json-schema-2020-12": leftOut(SCHEMAS),
  "elicitation-sep1034-defaults": leftOut(ASKING),
  "elicitation-sep1330-enums": leftOut(ASKING),
  "server-sse-polling": leftOut(SESSIONS),
  "server-sse-multiple-streams": { ...only("2026-07-28", "server"), why: `2025-11-25: ${SESSIONS}` },
  "resources-list": onServer,
  "resources-read-text": onServer,
  "resources-read-binary": onServer,
  "resources-templates-read": onServer,
  "resources-subscribe": only("2025-11-25", "server"),
  "resources-unsubscribe": only("2025-11-25", "server"),
  "sep-2164-resource-not-found": only("2026-07-28", "server"),
  "sep-2640-skills-directory": leftOut(SKILLS),
  "sep-2640-skills-enumeration": leftOut(SKILLS),
  "sep-2640-skills-manifest": leftOut(SKILLS),
  "prompts-list": onServer,
  "prompts-get-simple": onFixtures,
  "prompts-get-with-args": onFixtures,
  "prompts-get-embedded-resource": onFixtures,
  "prompts-get-with-image": leftOut(PROMPTS),
  "dns-rebinding-protection": onServer,
  "caching": only("2026-07-28", "server"),
  "http-header-validation": only("2026-07-28", "server"),
  "http-custom-header-server-validation": leftOut(HEADERS),
  "tasks-lifecycle": leftOut(TASKS),
  "tasks-capability-negotiation": leftOut(TASKS),
  "tasks-wire-fields": leftOut(TASKS),
  "tasks-request-state-removal": leftOut(TASKS),
  "tasks-mrtr-input": leftOut(TASKS),
  "tasks-request-headers": leftOut(TASKS),
  "tasks-dispatch-and-envelope": leftOut(TASKS),
  "tasks-status-notifications": leftOut(TASKS),
  "tasks-required-task-error": leftOut(TASKS),
  "tasks-mrtr-composition": leftOut(TASKS),
  "input-required-result-basic-elicitation": leftOut(ASKING),
  "input-required-result-basic-sampling": leftOut(ASKING),
  "input-required-result-basic-list-roots": leftOut(ASKING),
  "input-required-result-request-state": leftOut(ASKING),
  "input-required-result-multiple-input-requests": leftOut(ASKING),
  "input-required-result-multi-round": leftOut(ASKING),
  "input-required-result-missing-input-response": leftOut(ASKING),
  "input-required-result-non-tool-request": leftOut(ASKING),
  "input-required-result-result-type": leftOut(ASKING),
  "input-required-result-unsupported-methods": only("2026-07-28", "server"),
  "input-required-result-tampered-state": leftOut(ASKING),
  "input-required-result-capability-check": leftOut(ASKING),
  "input-required-result-ignore-extra-params": leftOut(ASKING),
  "input-required-result-validate-input": leftOut(ASKING),
};
