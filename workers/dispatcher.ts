/**
 * Takes work for the hosts of this process: waits on the board as an agent does, gives each claimable task
 * to the least loaded capable host that is online and has a free slot, by the claim that agents use.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Board, BoardEntry } from '../dispatch/board';
import type { Seeker } from '../dispatch/board-entry';
import type { Claims } from '../dispatch/claim';
import { type Clock, systemClock } from '../dispatch/clock';
import { CLAIM_TIMEOUT_MS, claimOne, IndeterminateClaim } from '../dispatch/take';
import { hostRef } from '../workflows/names';
import { chooseHost } from '../workflows/rules/candidates';
import type { Slots } from './dispatcher-slots';

/** Claims under way at one time: one that gets no answer must not hold up the others. */
const LANES = 4;
const WAIT_MS = 50_000;
/** After a claim without an answer, and after an error: the engine or the workers are away. */
const PAUSE_MS = 1_000;
/** Between two looks at what the hosts hold, while some of it is not watched by this process. */
const RECONCILE_MS = 2_000;
/** While all of it is, every so many times as long. */
const RECONCILE_RARELY = 15;

export interface DispatcherDeps {
  board: Board;
  claims: Claims;
  slots: Slots;
  /** What the hosts hold according to visibility: task ids by host id. */
  held(): Promise<ReadonlyMap<string, ReadonlySet<string>>>;
  logger: Pick<Logger, 'info' | 'warn'>;
  clock?: Clock;
  claimTimeoutMs?: number;
}

export interface Dispatcher {
  /** Ends the waits; claims under way are waited for. */
  stop(): Promise<void>;
}

export function startDispatcher(deps: DispatcherDeps): Dispatcher {
  const { board, claims, slots, logger } = deps;
  const clock = deps.clock ?? systemClock;
  const stopping = new AbortController();
  const stopped = () => stopping.signal.aborted;

  const seeker: Seeker = {
    accepts: (shape) => chooseHost(slots.candidates(), { ...shape, labels: shape.required }) !== null,
    prefers: (shape) => shape.assignedTo !== null,
  };

  async function attempt(entry: BoardEntry) {
    const host = chooseHost(slots.candidates(), entry);
    if (!host) return 'lost';
    slots.take(host.id, entry.taskId);
    const claim = {
      requestId: randomUUID(),
      holder: hostRef(host.id),
      capabilities: [...host.capabilities],
      leaseMs: null,
      // One that cannot be reached is to say so, whatever it lacked before.
      lacking: host.unreachable ? [] : [...(host.lacking ?? [])],
    };
    // When this throws, the slot stays taken until visibility tells who holds the task.
    const result = await claimOne(claims, entry, claim, deps.claimTimeoutMs ?? CLAIM_TIMEOUT_MS);
    if (typeof result === 'object')
      logger.info({ taskId: entry.taskId, host: host.id }, 'a host takes a task');
    else slots.giveBack(host.id, entry.taskId);
    return result;
  }

  /** Resolves after `ms`, at the stop, or when `wake` calls back. */
  function pause(ms: number, wake: (callback: () => void) => () => void = () => () => {}): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancelTimer();
        unsubscribe();
        stopping.signal.removeEventListener('abort', done);
        resolve();
      };
      const cancelTimer = clock.after(ms, done);
      const unsubscribe = wake(done);
      stopping.signal.addEventListener('abort', done);
      if (stopped()) done();
    });
  }

  async function lane(): Promise<void> {
    while (!stopped()) {
      if (!slots.hasRoom()) {
        // A host may come online without a word, so room is looked for again from time to time.
        await pause(PAUSE_MS, slots.onRoom);
        continue;
      }
      // Room that is gained meanwhile may suit what waits on the board: look again from the start.
      const again = new AbortController();
      const abort = () => again.abort();
      const unsubscribe = slots.onRoom(abort);
      stopping.signal.addEventListener('abort', abort);
      try {
        await board.takeAs(seeker, attempt, { waitMs: WAIT_MS, signal: again.signal });
      } catch (error) {
        if (!(error instanceof IndeterminateClaim)) logger.warn({ err: error }, 'dispatching failed');
        await pause(PAUSE_MS);
      } finally {
        unsubscribe();
        stopping.signal.removeEventListener('abort', abort);
      }
    }
  }

  async function reconcile(): Promise<boolean> {
    const readAt = clock.now();
    try {
      slots.reconcile(await deps.held(), readAt);
      return true;
    } catch (error) {
      if (!stopped()) logger.warn({ err: error }, 'what the hosts hold is not known');
      return false;
    }
  }

  async function reconcileForEver(): Promise<void> {
    for (let tick = 1; !stopped(); tick++) {
      await pause(RECONCILE_MS);
      if (!stopped() && (slots.hasForeign() || tick % RECONCILE_RARELY === 0)) await reconcile();
    }
  }

  async function run(): Promise<void> {
    // Runs outlive their supervisor: what the hosts are doing is learned before they are given more.
    while (!stopped() && !(await reconcile())) await pause(PAUSE_MS);
    await Promise.all([reconcileForEver(), ...Array.from({ length: LANES }, lane)]);
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
