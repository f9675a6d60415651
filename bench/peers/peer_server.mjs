// PeerServer as its own documentation starts it, without the pauses and limits that a bench would run into.
import process from "node:process";
import { PeerServer } from "peer";

const server = PeerServer(
  { host: "127.0.0.1", port: 0, path: "/", concurrent_limit: 1_000_000 },
  (listener) => process.stdout.write(`Listening on http://127.0.0.1:${listener.address().port}\n`),
);
server.on("error", (error) => {
  throw error;
});
process.on("SIGTERM", () => process.exit(0));
