// Waits that a signal ends.

/** Ends a wait when a signal does: a broken encoding can make the body's own reader wait for ever. */
export function ending<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    // The work is listened to after the end, too: Node stops a program for a failure that nobody listens to.
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}

/** Waits before the next try. */
export function pause(wait: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve();
    }, wait);
    signal?.addEventListener("abort", end, { once: true });
  });
}
