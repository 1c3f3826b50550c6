/** Registration and presence of hosts and agents. */
import {
  ActivityCancelledError,
  ActivityNotFoundError,
  type Client,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { HolderRef } from '../contracts/task';
import type { HolderProfile } from '../workflows/holder/types';
import { registerSignal, seenSignal } from '../workflows/messages';
import { CONTROL_QUEUE, holderWorkflowId, presenceActivityId } from '../workflows/names';
import { register } from '../workflows/rules/presence';
import { holderFromMemo } from './holder-state';

/** Creates the holder, or brings its profile up to date; either way it is online. Durable without a worker. */
export async function registerHolder(client: Client, profile: HolderProfile): Promise<void> {
  await client.workflow.signalWithStart('holder', {
    workflowId: holderWorkflowId(`${profile.kind}:${profile.id}`),
    taskQueue: CONTROL_QUEUE,
    args: [profile],
    signal: registerSignal,
    signalArgs: [profile],
    // Readers see a new holder at once, before a worker has run its first step.
    memo: { holder: register(null, profile, Date.now()) },
  });
}

/** Beats come at every call of an agent; a third of the presence time between two leaves room for a lost one. */
const BEATS_PER_PRESENCE = 3;
const HOLDERS_MAX = 10_000;

interface Beat {
  /** null: to be read from the holder. */
  n: number | null;
  presenceMs: number;
  nextAt: number;
}

const beats = new WeakMap<Client, Map<HolderRef, Beat>>();

/**
 * The holder was heard of. Sends at most three heartbeats in its presence time, however often it is called.
 * @param n number of the presence activity, when the caller knows it
 * @returns false when there is no such holder
 * @throws errors of Temporal's client when the engine is away
 */
export async function heartbeatPresence(client: Client, holder: HolderRef, n?: number): Promise<boolean> {
  const known = beats.get(client) ?? new Map<HolderRef, Beat>();
  beats.set(client, known);
  const last = known.get(holder);
  if (last && Date.now() < last.nextAt) return true;
  const beat = last?.n == null ? await readBeat(client, holder) : last;
  if (!beat) return false;
  const alive = await send(client, holder, n ?? beat.n);
  known.delete(holder);
  const oldest = known.keys().next();
  if (known.size >= HOLDERS_MAX && !oldest.done) known.delete(oldest.value);
  const nextAt = Date.now() + beat.presenceMs / BEATS_PER_PRESENCE;
  known.set(holder, { ...beat, n: alive ? (n ?? beat.n) : null, nextAt });
  return true;
}

async function send(client: Client, holder: HolderRef, n: number | null): Promise<boolean> {
  const workflowId = holderWorkflowId(holder);
  try {
    if (n === null) return false;
    await client.activity.heartbeat({ workflowId, activityId: presenceActivityId(n) }, Date.now());
    return true;
  } catch (error) {
    if (!(error instanceof ActivityNotFoundError || error instanceof ActivityCancelledError)) throw error;
    // It expired, and the signal starts the next; or it is just being started, and the signal changes nothing.
    await client.workflow.getHandle(workflowId).signal(seenSignal);
    return false;
  }
}

async function readBeat(client: Client, holder: HolderRef): Promise<Beat | null> {
  try {
    const state = holderFromMemo(await client.workflow.getHandle(holderWorkflowId(holder)).describe());
    return state && { n: state.n, presenceMs: state.profile.presence_ms, nextAt: 0 };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
