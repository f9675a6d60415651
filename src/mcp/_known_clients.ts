/** Clients whose plain calls the SDK answered, by what they say of themselves. */
export interface KnownClients {
  has(client: string | null): boolean;
  add(client: string | null): void;
  clear(): void;
}

/** Up to 1 kB each; then all of them are to show themselves to the SDK again. */
const MAX_CLIENTS = 100;

/** Builds the memory of clients. */
export function createKnownClients(): KnownClients {
  const clients = new Set<string | null>();
  return {
    has: (client) => clients.has(client),
    add(client) {
      if (clients.size >= MAX_CLIENTS) clients.clear();
      clients.add(client);
    },
    clear: () => clients.clear(),
  };
}
