// PeerServer as it comes: it relays what one client sends to another, with no account, no order and no look inside.
import { PeerServer } from "peer";

PeerServer({ host: "127.0.0.1", port: 0, concurrent_limit: 1_000, alive_timeout: 3_600_000 }, (server) => {
  // deno-lint-ignore no-console -- the bench waits for this line
  console.log(`Listening on http://127.0.0.1:${server.address().port}`);
});
