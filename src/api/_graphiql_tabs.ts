/** A tab that GraphiQL opens with. */
export interface Tab {
  query: string;
  /** JSON, to be filled in. */
  variables?: string;
  /** JSON, to be filled in. */
  headers?: string;
}

const toText = (value: unknown) => JSON.stringify(value, null, 2);

/**
 * What a newcomer goes through, one for each area, in that order. Lines end before the editor's buttons in a window of 1,280 pixels.
 * The first tab has no variables: GraphiQL opens it without.
 */
export const TABS: Tab[] = [
  {
    query: `# Welcome. null says that you are not signed in:
# go on to the next tab. More are to the right.
query Viewer {
  viewer { id name email role }
}`,
  },
  {
    query: `# Put the password into the variables below and
# run it: a cookie keeps this browser signed in.
mutation SignIn(
  $email: String!
  $password: String!
) {
  signIn(input: {
    email: $email,
    password: $password
  }) {
    user { name role }
    session { expiresAt }
  }
}`,
    variables: toText({ email: "admin@localhost", password: "" }),
  },
  {
    query: `# Elements belong to a project.
mutation CreateProject {
  createProject(input: { name: "My site" }) {
    id name
  }
}`,
  },
  {
    query: `# Your projects and their members. An id goes to
# the variables of a tab that asks for one.
query Projects {
  projects(first: 20) {
    totalCount
    edges {
      node {
        id name revision
        members { role user { id name } }
      }
    }
  }
}`,
  },
  {
    query: `# What was pointed at last.
query PointedElement {
  pointedElement {
    id selector note pageUrl tagName
    component { framework name file line }
    accessibility { role name }
    box { x y width height }
    html(maxBytes: 2000)
    computedStyles(
      properties: ["display", "color"]
    )
    screenshot { url width height }
  }
}`,
  },
  {
    query: `# Searches for words, each the beginning of one,
# and "quoted phrases"; all must be there. For a
# next page, after is the endCursor of this one.
query Elements($search: String, $after: String) {
  elements(
    first: 20
    after: $after
    search: $search
    filter: { status: [OPEN, ACKNOWLEDGED] }
  ) {
    totalCount
    edges {
      node {
        id selector note status createdAt
        project { name }
        comments { body author { name } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
    variables: toText({ search: "", after: null }),
  },
  {
    query: `# A comment and a status: whoever watches the
# project sees both at once.
mutation Answer($elementId: ID!) {
  commentOnElement(input: {
    elementId: $elementId
    body: "Done in the next release."
  }) {
    comments { body author { name } createdAt }
  }
  updateElement(input: {
    id: $elementId
    status: RESOLVED
  }) {
    status revision
  }
}`,
    variables: toText({ elementId: "" }),
  },
  {
    query: `# Changes as they happen, after those so far. The
# project's id goes into the variables below.
subscription ElementEvents($projectId: ID!) {
  elementEvents(
    projectId: $projectId
    after: 0
  ) {
    revision kind elementId
    element { selector note status }
  }
}`,
    variables: toText({ projectId: "" }),
  },
  {
    query: `# Pages that are connected now, and how their
# connections are.
query LivePages {
  livePages { id title url user { name } }
  webrtcConnections(first: 20) {
    edges {
      node { state roundTripMs bytesReceived }
    }
  }
}`,
  },
  {
    query: `# Asks the page that holds an element what it is
# like now; or SCREENSHOT, or HIGHLIGHT.
mutation Inspect($elementId: ID!) {
  commandElement(input: {
    elementId: $elementId
    command: INSPECT
  }) {
    updatedAt text
    box { x y width height }
    computedStyles(
      properties: ["display", "color"]
    )
  }
}`,
    variables: toText({ elementId: "" }),
  },
  {
    query: `# A token for an AI tool. It is shown this once.
mutation CreateAccessToken {
  createAccessToken(input: {
    name: "My AI tool",
    scopes: [ELEMENTS_READ]
  }) {
    token
    accessToken { id prefix scopes }
  }
}`,
  },
  {
    query: `# Asks as an access token's holder: paste it in
# Headers below, in place of fp_. There it goes
# before the cookie.
query AsToken {
  viewer { name }
  pointedElement { selector note }
}`,
    headers: toText({ Authorization: "Bearer fp_" }),
  },
  {
    query: `# For admins: the accounts, and which are locked.
query Users {
  users(first: 20) {
    totalCount
    edges {
      node {
        id name email role status
        lastSignInAt lockedUntil
      }
    }
  }
}`,
  },
  {
    query: `# For admins: the audit log, newest first, and
# whether it is as it was written.
query Audit {
  verifyAudit { valid checked fault }
  securityEvents(
    first: 20
    filter: { severity: [WARNING, CRITICAL] }
  ) {
    edges {
      node {
        sequence occurredAt kind severity
        actor { name } ipAddress details
      }
    }
  }
}`,
  },
  {
    query: `# For admins: what setRateLimit and setConfig set
# while the server runs.
query Settings {
  rateLimits { action limit windowSeconds }
  appConfig { key value secret updatedAt }
}`,
  },
  {
    query: `# Ends this browser's session.
mutation SignOut {
  signOut
}`,
  },
];
