import assert from "node:assert/strict";
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  GraphQLEnumType,
  GraphQLInputObjectType,
  GraphQLObjectType,
  lexicographicSortSchema,
  printSchema,
} from "graphql";
import { startApp } from "./support/running_app.ts";

const SCHEMA = new URL("../schema.graphql", import.meta.url);

Deno.test("schema.graphql is what the server serves: run `deno task schema` after a change", async () => {
  await using app = await startApp();
  const served = buildClientSchema(await app.ask(getIntrospectionQuery()));
  const text = `${printSchema(lexicographicSortSchema(served))}\n`;
  assert.equal(await Deno.readTextFile(SCHEMA), text);
});

/** Types whose every field, argument and value says what it is, with units, limits and codes. */
const DESCRIBED = [
  ...[
    "User",
    "UserRole",
    "UserStatus",
    "UserFilter",
    "UserConnection",
    "UserEdge",
    "CreateUserInput",
    "UpdateUserInput",
  ],
  ...["Session", "SignInInput", "SignInPayload", "ChangePasswordInput"],
  ...["AccessToken", "TokenScope", "CreateAccessTokenInput", "CreateAccessTokenPayload"],
  ...["Project", "ProjectRole", "ProjectMember", "ProjectConnection", "ProjectEdge"],
  ...["CreateProjectInput", "SetProjectMemberInput"],
];

Deno.test("the schema describes people, sessions, access tokens and projects to the last field", async () => {
  const schema = buildSchema(await Deno.readTextFile(SCHEMA));
  const silent: string[] = [];
  for (const name of DESCRIBED) {
    const type = schema.getType(name);
    if (!type?.description) silent.push(name);
    const parts = type instanceof GraphQLEnumType
      ? type.getValues()
      : type instanceof GraphQLObjectType || type instanceof GraphQLInputObjectType
      ? Object.values(type.getFields())
      : [];
    for (const part of parts) if (!part.description) silent.push(`${name}.${part.name}`);
  }
  assert.deepEqual(silent, []);
});
