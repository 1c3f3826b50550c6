/** The connection of a client that follows: may be silent for long, and is let go when it stalls. */
import type { ServerResponse } from 'node:http';

/** TCP asks a silent client this often whether it is still there. */
const KEEP_ALIVE_MS = 30_000;

/**
 * @param stalledMs a client that takes none of the bytes that wait for it for so long is cut off
 * @returns aborted when the client is gone or the server stops; the latter cuts the connection, so that
 * the client sees that the stream is not complete
 */
export function followerConnection(
  response: ServerResponse,
  { closing, stalledMs }: { closing: AbortSignal; stalledMs: number },
): AbortSignal {
  const gone = new AbortController();
  const cut = () => response.destroy();
  // Replaces the server's own time limit, which would end a silent stream. Node sets it again for the next request.
  response.setTimeout(stalledMs, () => {
    if (response.writableLength > 0) cut();
  });
  response.socket?.setKeepAlive(true, KEEP_ALIVE_MS);
  closing.addEventListener('abort', cut, { once: true });
  response.once('close', () => {
    closing.removeEventListener('abort', cut);
    gone.abort();
  });
  if (closing.aborted) cut();
  if (response.destroyed) gone.abort();
  return gone.signal;
}
