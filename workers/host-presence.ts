import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { HolderRef } from '../contracts/task';
import { heartbeatPresence, registerHolder } from '../dispatch/holders';
import type { HolderProfile } from '../workflows/holder/types';
import { holderId } from '../workflows/names';

/** Twice as often as the server needs it: a beat that is skipped or lost does no harm. */
const CALLS_PER_PRESENCE = 6;
const CALL_TIMEOUT_MS = 5_000;

export interface PresenceBeats {
  stop(): Promise<void>;
}

/** Keeps a host online for as long as this process serves it. The first registration has been done. */
export function keepPresent(
  client: Client,
  profile: HolderProfile,
  logger: Pick<Logger, 'warn'>,
): PresenceBeats {
  const holder: HolderRef = `${profile.kind}:${profile.id}`;
  let calling: Promise<void> | null = null;
  let failing = false;

  async function call(): Promise<void> {
    try {
      const deadline = Date.now() + CALL_TIMEOUT_MS;
      const known = await client.withDeadline(deadline, () => heartbeatPresence(client, holder));
      if (!known) await client.withDeadline(deadline, () => registerHolder(client, profile));
      failing = false;
    } catch (error) {
      // Said once: the next calls fail for the same reason until the engine is back.
      if (!failing)
        logger.warn({ err: error, host: holderId(holder) }, 'the host cannot report its presence');
      failing = true;
    }
  }

  const timer = setInterval(() => {
    calling ??= call().finally(() => {
      calling = null;
    });
  }, profile.presence_ms / CALLS_PER_PRESENCE);

  return {
    async stop() {
      clearInterval(timer);
      await calling;
    },
  };
}
