type Response = NodeJS.EventEmitter & { writableEnded: boolean; destroyed: boolean };

/** Who is to be told of the stop. A signal looks through all of its listeners to add one, and there are thousands. */
const told = new WeakMap<AbortSignal, Set<() => void>>();

function listenersOf(closing: AbortSignal): Set<() => void> {
  const known = told.get(closing);
  if (known) return known;
  const listeners = new Set<() => void>();
  told.set(closing, listeners);
  closing.addEventListener(
    'abort',
    () => {
      for (const abort of listeners) abort();
    },
    { once: true },
  );
  return listeners;
}

/** Aborts when the caller hangs up before it has its answer, or the server stops. */
export function gone(response: Response, closing: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const listeners = listenersOf(closing);
  listeners.add(abort);
  response.once('close', () => {
    listeners.delete(abort);
    if (!response.writableEnded) abort();
  });
  if (closing.aborted || response.destroyed) abort();
  return controller.signal;
}
