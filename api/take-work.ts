/** From the wish of an agent to tasks that are handed over: what dequeue and complete-and-next share. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Dequeued } from '../contracts/lease';
import { type Taken, takeTask } from '../dispatch/take';
import { agentRef } from '../workflows/names';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';
import { directiveOf } from './directive';
import { type Bearer, type GrantTo, handOver } from './hand-over';
import { capabilitiesOf } from './presence';
import { unavailable } from './problems';

export interface WorkWanted {
  agentId: string;
  /** Of the token by which the work is asked for. */
  bearer: Bearer;
  /** Product of the token itself, where `bearer` has one that its caller chose. */
  own: string | null;
  /** undefined: the registered ones. */
  capabilities: string[] | undefined;
  requestId: string;
  /** The answer to this request was lost. */
  retry: boolean;
  /** undefined: as the task says. */
  leaseS: number | undefined;
  /** For the first task; more are taken only if they are there. */
  waitMs: number;
  maxTasks: number;
}

/** Each of several tasks has a request id of its own, made with a sign that no caller may use in one. */
const requestIds = ({ requestId, maxTasks }: Pick<WorkWanted, 'requestId' | 'maxTasks'>) =>
  Array.from({ length: maxTasks }, (_, i) => (i === 0 ? requestId : `${requestId}#${i}`));

/** The first task must be renewed before its lease ends, so taking more ends after this, in milliseconds. */
const MORE_MS = 2_000;

/** Empty: nothing to do. Throws 503 when a claim got no answer and no task is taken. */
export async function takeWork(
  ctx: ApiContext,
  wanted: WorkWanted,
  signal: AbortSignal,
): Promise<[first: Dequeued, ...more: Dequeued[]] | []> {
  const { agentId, bearer, waitMs } = wanted;
  const holder = agentRef(agentId);
  const capabilities = await capabilitiesOf(ctx, wanted);
  const again = wanted.retry ? await claimedBefore(ctx, wanted) : [];
  if (again.length > 0) return handOverAll(ctx, again, bearer);
  if ((await directiveOf(ctx, holder)) !== 'continue') {
    // After the wait that it asked for, or it would ask without end.
    await pause(waitMs, undefined, { signal }).catch(() => undefined);
    return [];
  }

  const leaseMs = wanted.leaseS === undefined ? null : Math.round(wanted.leaseS * 1_000);
  const [requestId, ...moreIds] = requestIds(wanted) as [string, ...string[]];
  const want = { holder, capabilities, product: bearer.product, requestId, leaseMs };
  const first = await takeTask(ctx, want, waitMs, signal);
  if (first.kind === 'unavailable') {
    throw unavailable('no_worker', 'a claim got no answer and is given up; ask again');
  }
  if (first.kind === 'none') return [];
  const taken: Array<Extract<Taken, { kind: 'granted' }>> = [first];
  const until = Date.now() + MORE_MS;
  for (const id of moreIds) {
    if (signal.aborted || Date.now() > until) break;
    const next = await takeTask(ctx, { ...want, requestId: id }, 0, signal, false);
    if (next.kind !== 'granted') break;
    taken.push(next);
  }
  const grants = taken.map(({ taskId, grant }) => ({ taskId, grant, holder }));
  return handOverAll(ctx, grants, bearer).finally(() => ctx.warmNext(want));
}

async function claimedBefore(ctx: ApiContext, wanted: WorkWanted): Promise<GrantTo[]> {
  const holder = agentRef(wanted.agentId);
  const found = await within(ctx.client, ENGINE_MS, () =>
    Promise.all(requestIds(wanted).map((id) => ctx.claims.findClaim(holder, id))),
  );
  return found.flatMap((claim) => (claim ? [{ ...claim, holder }] : []));
}

/** Throws when the first cannot be handed over; another that cannot be is left to lapse, which costs nothing. */
async function handOverAll(
  ctx: ApiContext,
  [first, ...more]: GrantTo[],
  bearer: Bearer,
): Promise<[first: Dequeued, ...more: Dequeued[]] | []> {
  if (!first) return [];
  const others = await Promise.allSettled(more.map((grant) => handOver(ctx, grant, bearer)));
  return [
    await handOver(ctx, first, bearer),
    ...others.flatMap((other) => (other.status === 'fulfilled' ? [other.value] : [])),
  ];
}
