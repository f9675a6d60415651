import assert from "node:assert/strict";
import fc from "fast-check";
import { isScalarType } from "graphql";
import { createBuilder } from "../src/graphql/builder.ts";

Deno.test("a DateTime is written as Date.toISOString() writes it, whatever moment it is and whichever came before", () => {
  const builder = createBuilder();
  builder.queryField("now", (t) => t.field({ type: "DateTime", resolve: () => 0 }));
  builder.mutationField("now", (t) => t.field({ type: "DateTime", resolve: () => 0 }));
  builder.subscriptionField("now", (t) => t.field({ type: "DateTime", subscribe: () => never(), resolve: () => 0 }));
  const type = builder.toSchema().getType("DateTime");
  assert.ok(isScalarType(type));
  const near = fc.integer({ min: 1_760_000_000_000, max: 1_760_000_000_000 + 3 * 86_400_000 });
  const moments = fc.oneof(near, fc.date({ noInvalidDate: true }).map((date) => date.getTime()));
  fc.assert(
    fc.property(moments, (milliseconds) => {
      assert.equal(type.serialize(milliseconds), new Date(milliseconds).toISOString());
    }),
    { numRuns: 20_000 },
  );
  for (const milliseconds of [0, -1, 86_399_999, 86_400_000, 253_402_300_799_999, 8.64e15, -8.64e15]) {
    assert.equal(type.serialize(milliseconds), new Date(milliseconds).toISOString());
  }
});

async function* never(): AsyncGenerator<number> {}
