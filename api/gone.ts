type Response = NodeJS.EventEmitter & { writableEnded: boolean; destroyed: boolean };

/** Aborts when the caller hangs up before it has its answer, or the server stops. */
export function gone(response: Response, closing: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  closing.addEventListener('abort', abort, { once: true });
  response.once('close', () => {
    closing.removeEventListener('abort', abort);
    if (!response.writableEnded) abort();
  });
  if (closing.aborted || response.destroyed) abort();
  return controller.signal;
}
