import assert from "node:assert/strict";
import { isUnencrypted, readServer } from "../extension/_server_address.ts";

Deno.test("readServer() takes https where the scheme is left out, and http on this machine", () => {
  const read = [
    "localhost:8000",
    "127.0.0.1:8000",
    "[::1]:8000",
    "fingerpost.example.org",
    "http://192.168.1.20:8000/graphql",
  ];
  assert.deepEqual(read.map(readServer), [
    "http://localhost:8000",
    "http://127.0.0.1:8000",
    "http://[::1]:8000",
    "https://fingerpost.example.org",
    "http://192.168.1.20:8000",
  ]);
  for (
    const typed of [
      "",
      "no address",
      "javascript:alert(1)",
      "http://me@127.0.0.1",
      "ftp://127.0.0.1",
      "chrome://settings",
    ]
  ) {
    assert.throws(() => readServer(typed), /is no server's address/, typed);
  }
});

Deno.test("isUnencrypted() is true of http to another machine alone", () => {
  const origins = [
    "http://127.0.0.1:8000",
    "http://app.localhost",
    "http://[::1]",
    "https://example.org",
    "http://example.org",
    "http://127.0.0.1.example.org",
  ];
  assert.deepEqual(origins.map(isUnencrypted), [false, false, false, false, true, true]);
});
