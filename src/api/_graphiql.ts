/** The page's own scripts, styles and workers are inline; it may talk to this server alone. CSP Level 3 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'unsafe-inline' blob:",
  "worker-src blob:",
  "style-src 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const TABS = [
  `# Sign in first: in this browser the session is kept as a cookie.
mutation SignIn($email: String!, $password: String!) {
  signIn(input: { email: $email, password: $password }) {
    user { id name role }
    session { expiresAt }
  }
}`,
  `# What was pointed at last.
query PointedElement {
  elements(first: 1) {
    edges {
      node {
        id selector note pageUrl tagName
        component { framework name file line }
        accessibility { role name }
        box { x y width height }
        html(maxBytes: 2000)
        computedStyles(properties: ["display", "color", "font-size"])
        screenshot { url width height }
      }
    }
  }
}`,
  `# Your projects; an element belongs to one.
mutation CreateProject {
  createProject(input: { name: "My site" }) { id name }
}

query Projects {
  projects(first: 20) {
    totalCount
    edges { node { id name revision members { role user { name } } } }
  }
}`,
  `# Changes as they happen; with "after", what was missed comes first.
subscription ElementEvents($projectId: ID!) {
  elementEvents(projectId: $projectId, after: 0) {
    revision kind elementId
    element { selector note status }
  }
}`,
  `# A token for the extension or an AI tool. It is shown this once.
mutation CreateAccessToken {
  createAccessToken(input: { name: "My AI tool", scopes: [ELEMENTS_READ] }) {
    token
    accessToken { id prefix scopes }
  }
}`,
];

const VARIABLES: Record<number, string> = {
  0: JSON.stringify({ email: "admin@localhost", password: "" }, null, 2),
  3: JSON.stringify({ projectId: "project_…" }, null, 2),
};

let page: Promise<string> | null = null;

/** GraphiQL in one page that loads nothing from anywhere else. Its 9 MB are read at the first visit, not at the start. */
export async function graphiqlResponse(): Promise<Response> {
  page ??= renderPage();
  return new Response(await page, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-cache",
    },
  });
}

async function renderPage(): Promise<string> {
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  return renderGraphiQL({
    title: "Fingerpost",
    defaultTabs: TABS.map((query, index) => ({ query, variables: VARIABLES[index] ?? null })),
    defaultEditorToolsVisibility: "variables",
    endpoint: "/graphql",
    credentials: "same-origin",
  });
}
