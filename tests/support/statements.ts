import { StatementSync } from "node:sqlite";

/** What ran on SQLite in this process, and what was sent to a reading thread, while it is not disposed. */
export interface StatementCount extends Disposable {
  /** The text of each, in order, white space made one. */
  texts: string[];
}

const METHODS = ["all", "get", "run", "iterate"] as const;

/** Counts from now on; one at a time, and not beside other tests of the same process. */
export function countStatements(): StatementCount {
  const texts: string[] = [];
  const note = (sql: string) => void texts.push(sql.replace(/\s+/g, " ").trim());
  const prototype = StatementSync.prototype;
  const originals = METHODS.map((method) => [method, prototype[method]] as const);
  for (const [method, original] of originals) {
    Object.assign(prototype, {
      [method](this: StatementSync, ...values: never[]) {
        note(this.sourceSQL);
        return Reflect.apply(original, this, values);
      },
    });
  }
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (this: Worker, ...args: [message: unknown]) {
    const [message] = args;
    if (typeof message === "object" && message !== null && "sql" in message) note(String(message.sql));
    return Reflect.apply(postMessage, this, args);
  };
  return {
    texts,
    [Symbol.dispose]: () => {
      for (const [method, original] of originals) Object.assign(prototype, { [method]: original });
      Worker.prototype.postMessage = postMessage;
    },
  };
}
