/**
 * Looks at a host all the time: it is present while it can be reached, whoever serves it. What was seen decides
 * what the dispatcher takes for it, and is told to its holder when it has changed.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import type { Host } from '../activities/ssh/host';
import { probeHost } from '../activities/ssh/probe';
import { CliProbe } from '../activities/ssh/probe-clis';
import type { Failure } from '../contracts/task';
import type { HostLine } from '../dispatch/host-beat';
import type { HolderState, HostHealth } from '../workflows/holder/types';
import {
  conditionOf,
  type HostCondition,
  type HostSight,
  healthOf,
  sameHealth,
  UNSEEN,
} from './host-condition';

export interface HostWatch {
  condition(): HostCondition;
  /** Resolves when the host was looked at once. */
  first: Promise<void>;
  /** A run could not be started because of this: what was seen before does not hold any more. */
  lost(failure: Failure): void;
  stop(): Promise<void>;
}

export interface HostWatchDeps {
  host: Host;
  line: HostLine;
  /** Makes the holder known; it may have been ended by somebody. */
  register(): Promise<void>;
  /** Looks at the other hosts there are; false: some other process reaches this one. */
  isAlone(): Promise<boolean>;
  /** Between two looks, in milliseconds. */
  probe_ms: number;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Something has changed that the dispatcher goes by. */
  onChange(): void;
}

export function watchHost(deps: HostWatchDeps): HostWatch {
  const { host, line, logger } = deps;
  const defaultTemplate = host.deps.default_template;
  const clis = new CliProbe(host);
  const stopping = new AbortController();
  let sight: HostSight = UNSEEN;
  let told: HostHealth | undefined;
  let looking: Promise<void> | null = null;
  let engineFailing = false;
  let wake = () => {};

  function see(seen: Partial<HostSight>): void {
    const before = JSON.stringify(conditionOf(sight, defaultTemplate));
    const { reachable } = sight;
    sight = { ...sight, ...seen };
    if (sight.reachable !== reachable) say(reachable);
    if (JSON.stringify(conditionOf(sight, defaultTemplate)) !== before) deps.onChange();
  }

  function say(before: boolean | null): void {
    if (sight.reachable === false) logger.warn({ failure: sight.failure }, 'the host cannot be reached');
    else if (before === false) logger.info({}, 'the host can be reached again');
  }

  async function look(): Promise<void> {
    try {
      const probe = await probeHost(host, stopping.signal);
      see({ reachable: true, failure: null, probe, alone: false });
    } catch (error) {
      if (stopping.signal.aborted) return;
      see({ reachable: false, failure: failureOf(error) });
      return;
    }
    // Asking programs takes seconds: the next look at the host does not wait for it.
    looking ??= lookForPrograms().finally(() => {
      looking = null;
    });
  }

  async function lookForPrograms(): Promise<void> {
    try {
      see({ templates: await clis.look(stopping.signal) });
    } catch (error) {
      if (!stopping.signal.aborted) logger.warn({ err: error }, 'the programs of the host are not known');
    }
  }

  async function keepHolder(): Promise<void> {
    const { probe, reachable } = sight;
    const beat = probe && { at: probe.at, free_disk_bytes: probe.free_disk_bytes, running: probe.running };
    const state = await line.beat(reachable === true ? beat : null);
    if (state === null) {
      told = undefined;
      await deps.register();
      return;
    }
    see({ cordoned: state.cordon != null });
    await tell(state);
    if (sight.reachable === false) {
      see({ alone: await deps.isAlone() });
      // Others may have changed, of which nothing is told here.
      deps.onChange();
    }
  }

  async function tell(state: HolderState): Promise<void> {
    // Of this process: another one that serves the host may see it otherwise, and each says so once.
    told ??= state.health;
    const health = healthOf(sight, state.health);
    if (health === null || sameHealth(told, health)) return;
    await line.report(health);
    told = health;
  }

  async function keepHolderQuietly(): Promise<void> {
    try {
      await keepHolder();
      engineFailing = false;
    } catch (error) {
      // Said once: the next ones fail for the same reason until the engine is back.
      if (!engineFailing && !stopping.signal.aborted) {
        logger.warn({ err: error }, 'the host cannot report its presence');
      }
      engineFailing = true;
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => wake(), ms);
      wake = () => {
        clearTimeout(timer);
        stopping.signal.removeEventListener('abort', wake);
        resolve();
      };
      stopping.signal.addEventListener('abort', wake);
      if (stopping.signal.aborted) wake();
    });
  }

  let seenOnce = () => {};
  const first = new Promise<void>((resolve) => {
    seenOnce = resolve;
  });

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const began = Date.now();
      await look();
      await keepHolderQuietly();
      if (sight.templates !== null || sight.reachable === false) seenOnce();
      // The first look at programs is soon over, and the host takes nothing before it.
      const rest = sight.reachable === true && sight.templates === null ? SOON_MS : deps.probe_ms;
      await pause(Math.max(SOON_MS, began + rest - Date.now()));
    }
    seenOnce();
  }

  const running = run();
  return {
    condition: () => conditionOf(sight, defaultTemplate),
    first,
    lost(failure) {
      see({ reachable: false, failure });
      wake();
    },
    async stop() {
      stopping.abort();
      await running;
      await looking;
    },
  };
}

const SOON_MS = 50;

const failureOf = (error: unknown): Failure => ({
  code: (error instanceof ApplicationFailure && error.type) || 'host_unreachable',
  message: error instanceof Error ? error.message : String(error),
});
