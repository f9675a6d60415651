// What every peer answers with: the same rows by the same statements, in the same shape.

export const TYPES = `
  type Query {
    element(id: ID!): Element
    elements(projectId: ID!, first: Int, after: String): ElementConnection!
  }
  type ElementConnection { edges: [ElementEdge!]! pageInfo: PageInfo! }
  type ElementEdge { cursor: String! node: Element! }
  type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  type Element {
    id: ID! selector: String! tagName: String! pageUrl: String! note: String status: String! createdAt: String!
  }`;

const COLUMNS = "id, selector, tag_name AS tagName, page_url AS pageUrl, note, status, created_at AS createdAt";
const FIRST = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** The queries over a connection of node:sqlite or better-sqlite3. */
export function prepareQueries(connection) {
  const token = connection.prepare(
    `SELECT access_tokens.id AS id, users.id AS userId FROM access_tokens JOIN users ON users.id = user_id
     WHERE token_hash = ? AND users.status = 'ACTIVE'`,
  );
  const page = connection.prepare(
    `SELECT ${COLUMNS} FROM elements WHERE project_id = ? AND id < ? ORDER BY id DESC LIMIT ?`,
  );
  const point = connection.prepare(`SELECT ${COLUMNS} FROM elements WHERE id = ?`);
  return {
    findToken: (hash) => token.get(hash),
    element: (id) => toElement(point.get(id.slice("element_".length))),
    elements({ projectId, first = 20, after }) {
      const rows = page.all(projectId.slice("project_".length), after ? after.slice(2) : FIRST, first + 1);
      const edges = rows.slice(0, first).map((row) => ({ cursor: `c_${row.id}`, node: toElement(row) }));
      const pageInfo = {
        hasNextPage: rows.length > first,
        hasPreviousPage: Boolean(after),
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      };
      return { edges, pageInfo };
    },
  };
}

function toElement(row) {
  return row && { ...row, id: `element_${row.id}`, createdAt: new Date(row.createdAt).toISOString() };
}
