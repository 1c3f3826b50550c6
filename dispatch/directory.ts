/** Who is there: hosts and agents as their workflows show them, remembered for two seconds. */
import { type Client, type WorkflowExecutionInfo, WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import type { HolderKind } from '../contracts/holder';
import type { HolderRef } from '../contracts/task';
import { agentRef, holderWorkflowId, hostRef, taskIdOf } from '../workflows/names';
import { isCapable } from '../workflows/rules/match';
import { CLAIMABLE_SINCE, HOLDER, TASK_STATUS } from '../workflows/search-attributes';
import { cached, cachedByKey } from './cached';
import { type Clock, systemClock } from './clock';
import { holderFromDescription, holderFromMemo, type KnownHolder } from './holder-state';
import { listWorkflows } from './list-workflows';
import { and, equals, idStartsWith, isUnset, RUNNING, typeIs } from './query';
import type { VisibilityBudget } from './visibility-budget';

export type { KnownHolder } from './holder-state';

/** A promise rejects with an error of Temporal's client when the engine is away and nothing is remembered. */
export interface Directory {
  hosts(): Promise<KnownHolder[]>;
  /** `hosts`, each read from its workflow: with presence and beat as they are now. One call for each host. */
  hostsNow(): Promise<KnownHolder[]>;
  agents(): Promise<KnownHolder[]>;
  /** Read from the workflow itself, so never behind; null when there is no such holder. */
  get(holder: HolderRef): Promise<KnownHolder | null>;
  /** As `get`, up to two seconds old. */
  remembered(holder: HolderRef): Promise<KnownHolder | null>;
  /** Whether any registered or configured host, online or not, has what the labels ask for; null when not known. */
  capableHostExists(labels: readonly string[]): Promise<boolean | null>;
  holds(holder: HolderRef): Promise<Array<{ task_id: string; status: string }>>;
  /** Of the tokens of an agent; null when it is not registered. With the engine away: the last one known. */
  generation(agentId: string): Promise<number | null>;
  close(): void;
}

export interface DirectoryDeps {
  client: Client;
  budget: VisibilityBudget;
  logger: Pick<Logger, 'warn'>;
  /** Hosts of the config file: they count for `capableHostExists` before they have registered. */
  configured?: ReadonlyArray<{ id: string; capabilities: readonly string[] }>;
  clock?: Clock;
}

const REMEMBERED_MS = 2_000;
const REMEMBERED_MAX = 10_000;
const READS_AT_ONCE = 16;

export function createDirectory(deps: DirectoryDeps): Directory {
  const { client, budget, logger } = deps;
  const clock = deps.clock ?? systemClock;
  const generations = new Map<string, number | null>();

  async function list(kind: HolderKind): Promise<KnownHolder[]> {
    const query = and(typeIs('holder'), RUNNING, idStartsWith(`${kind}/`));
    const found: KnownHolder[] = [];
    for await (const info of listWorkflows(client, budget, 'directory', query)) {
      const holder = holderFromMemo(info);
      if (holder) found.push(holder);
    }
    return found.sort((a, b) => (a.profile.id < b.profile.id ? -1 : 1));
  }

  async function describe(holder: string): Promise<KnownHolder | null> {
    try {
      const handle = client.workflow.getHandle(holderWorkflowId(holder as HolderRef));
      return holderFromDescription(await handle.describe(), clock.now());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  async function held(holder: string): Promise<Array<{ task_id: string; status: string }>> {
    const query = and(typeIs('task'), RUNNING, equals(HOLDER, holder), isUnset(CLAIMABLE_SINCE));
    const found = [];
    for await (const info of listWorkflows(client, budget, 'directory', query)) found.push(heldTask(info));
    return found.sort((a, b) => (a.task_id < b.task_id ? -1 : 1));
  }

  /** Those that appeared or went since the list was made are as the list has them. */
  async function readAll(): Promise<KnownHolder[]> {
    const listed = await hosts();
    const read: KnownHolder[] = [];
    for (let from = 0; from < listed.length; from += READS_AT_ONCE) {
      const some = listed.slice(from, from + READS_AT_ONCE);
      read.push(...(await Promise.all(some.map(async (h) => (await describe(hostRef(h.profile.id))) ?? h))));
    }
    return read;
  }

  const hosts = cached(clock, REMEMBERED_MS, () => list('host'));
  const hostsNow = cached(clock, REMEMBERED_MS, readAll);
  const agents = cached(clock, REMEMBERED_MS, () => list('agent'));
  const remembered = cachedByKey(clock, REMEMBERED_MS, REMEMBERED_MAX, describe);
  const holds = cachedByKey(clock, REMEMBERED_MS, REMEMBERED_MAX, held);

  return {
    hosts,
    hostsNow,
    agents,
    get: describe,
    remembered,
    holds,
    async capableHostExists(labels) {
      if (deps.configured?.some((host) => isCapable(host.capabilities, labels))) return true;
      try {
        return (await hosts()).some(({ profile }) => isCapable(profile.capabilities, labels));
      } catch (error) {
        logger.warn({ err: error }, 'the hosts are not known');
        return null;
      }
    },
    async generation(agentId) {
      try {
        const generation = (await remembered(agentRef(agentId)))?.generation ?? null;
        generations.set(agentId, generation);
        return generation;
      } catch (error) {
        const last = generations.get(agentId);
        if (last === undefined) throw error;
        return last;
      }
    },
    close() {
      generations.clear();
    },
  };
}

const heldTask = (info: WorkflowExecutionInfo) => ({
  task_id: taskIdOf(info.workflowId),
  status: info.typedSearchAttributes.get(TASK_STATUS) ?? 'assigned',
});
