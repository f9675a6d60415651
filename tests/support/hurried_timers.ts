/** Lets timers end sooner by a factor until it is disposed, and keeps what delays were asked for. */
export function hurryTimers(factor: number): Disposable & { delays: number[] } {
  const delays: number[] = [];
  const originals = { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval };
  for (const [name, original] of Object.entries(originals)) {
    const hurried = (callback: () => void, delay = 0, ...rest: unknown[]) => {
      delays.push(delay);
      return Reflect.apply(original, globalThis, [callback, delay / factor, ...rest]);
    };
    Object.assign(globalThis, { [name]: hurried });
  }
  return { delays, [Symbol.dispose]: () => void Object.assign(globalThis, originals) };
}
