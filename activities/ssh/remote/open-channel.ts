import type { ClientChannel } from 'ssh2';
import type { Connection } from './connection';

/** The server lets no further session open on this connection: MaxSessions. */
export class ChannelRefusedError extends Error {
  constructor(
    message: string,
    /** Sessions that were open on the connection; null: the channel was opened, but nothing may run in it. */
    readonly others: number | null,
  ) {
    super(message);
  }
}

/** The connection was gone before anything of the script had been sent. */
export class NotSentError extends Error {}

/**
 * Opens a channel that runs a command. `over` is called once when the channel is closed on both sides, or nobody
 * waited for it any more; not when it was refused, nor for a connection that is lost.
 * @throws ChannelRefusedError, NotSentError, and the reason of the signal
 */
export function openChannel(
  connection: Connection,
  command: string,
  signal: AbortSignal,
  over: () => void,
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    if (connection.lost) {
      reject(new NotSentError('the connection was lost'));
      return;
    }
    let settled = false;
    const settle = (finish: () => void) => {
      if (settled) return;
      settled = true;
      signal.removeEventListener('abort', onAbort);
      unwatch();
      finish();
    };
    const onAbort = () => settle(() => reject(signal.reason));
    const unwatch = connection.onLost(() =>
      settle(() => reject(new NotSentError('the connection was lost'))),
    );
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    if (settled) return over();
    const session = connection.askSession();
    try {
      connection.client.exec(command, (error, channel) => {
        if (connection.lost) return;
        if (error) {
          const others = connection.endSession(session);
          if (settled) over();
          settle(() => reject(new ChannelRefusedError(error.message, 'reason' in error ? others : null)));
          return;
        }
        connection.used = true;
        connection.refusals = 0;
        channel.once('close', () => {
          if (connection.lost) return;
          connection.endSession(session);
          over();
        });
        if (!settled) return settle(() => resolve(channel));
        // Nobody waits any more. Nothing was sent, so what was begun there reads an empty script, and ends.
        channel.resume();
        channel.stderr.resume();
        channel.close();
      });
    } catch (error) {
      over();
      settle(() => reject(new NotSentError(String(error))));
    }
  });
}
