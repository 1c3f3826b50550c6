/** Waits, or returns early when the signal is aborted; never rejects. */
export function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    // Beyond 2^31 - 1 a timer fires at once.
    const timer = setTimeout(done, Math.min(ms, 2_147_483_647));
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
