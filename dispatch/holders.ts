/** Registration and presence of hosts and agents. */
import {
  ActivityCancelledError,
  ActivityNotFoundError,
  type Client,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { HolderRef } from '../contracts/task';
import type { AgentBeat, HolderProfile, HolderState } from '../workflows/holder/types';
import { registerSignal, seenSignal } from '../workflows/messages';
import { CONTROL_QUEUE, holderWorkflowId, presenceActivityId } from '../workflows/names';
import { register } from '../workflows/rules/presence';
import { holderFromDescription, type KnownHolder } from './holder-state';

/**
 * Creates the holder, or brings its profile up to date; either way it is online. Durable without a worker.
 * @param generation of tokens, that of a holder which was forgotten
 */
export async function registerHolder(
  client: Client,
  profile: HolderProfile,
  { said, generation = 0 }: { said?: AgentBeat; generation?: number } = {},
): Promise<void> {
  const fresh: HolderState = { ...register(null, profile, Date.now(), said), generation };
  await client.workflow.signalWithStart('holder', {
    workflowId: holderWorkflowId(`${profile.kind}:${profile.id}`),
    taskQueue: CONTROL_QUEUE,
    // What was revoked once stays so, although the holder begins anew.
    args: generation > 0 ? [profile, fresh] : [profile],
    signal: registerSignal,
    signalArgs: said ? [profile, said] : [profile],
    // Readers see a new holder at once, before a worker has run its first step.
    memo: { holder: fresh },
  });
}

/** Beats come at every call of an agent; a third of the presence time between two leaves room for a lost one. */
const BEATS_PER_PRESENCE = 3;
const HOLDERS_MAX = 10_000;

export type Word = Partial<Pick<AgentBeat, 'health' | 'load'>>;

interface Beat {
  /** null: to be read from the holder. */
  n: number | null;
  presenceMs: number;
  nextAt: number;
  said: Word;
}

const beats = new WeakMap<Client, Map<HolderRef, Beat>>();

export interface Heard {
  /** The holder, when the caller knows it as it is now. */
  known?: KnownHolder | null;
  /** What it says of itself: goes out at once, whenever the last heartbeat was. */
  word?: Word;
}

/**
 * The holder was heard of. Without a word it sends at most three heartbeats in its presence time, however often it is
 * called; they repeat what the holder said last.
 * @returns false when there is no such holder
 * @throws errors of Temporal's client when the engine is away
 */
export async function heartbeatPresence(
  client: Client,
  holder: HolderRef,
  { known, word }: Heard = {},
): Promise<boolean> {
  const remembered = beats.get(client) ?? new Map<HolderRef, Beat>();
  beats.set(client, remembered);
  const last = remembered.get(holder);
  const due = last === undefined || Date.now() >= last.nextAt;
  if (!due && word === undefined) return true;
  const beat = known ? beatOf(known) : last?.n == null ? await readBeat(client, holder) : last;
  if (!beat) return false;
  const said = { ...beat.said, ...word };
  const sent = await send(client, holder, beat.n, said, due);
  remembered.delete(holder);
  if (sent === 'unknown') return false;
  const oldest = remembered.keys().next();
  if (remembered.size >= HOLDERS_MAX && !oldest.done) remembered.delete(oldest.value);
  const nextAt = Date.now() + beat.presenceMs / BEATS_PER_PRESENCE;
  remembered.set(holder, { ...beat, n: sent === 'alive' ? beat.n : null, nextAt, said });
  return true;
}

/** `silent`: nobody keeps the presence now. @param wake whether the holder is to be told so */
async function send(
  client: Client,
  holder: HolderRef,
  n: number | null,
  { health = null, load = null }: Word,
  wake: boolean,
): Promise<'alive' | 'silent' | 'unknown'> {
  const workflowId = holderWorkflowId(holder);
  const details: AgentBeat = { at: Date.now(), health, load };
  try {
    if (n === null) return 'silent';
    await client.activity.heartbeat({ workflowId, activityId: presenceActivityId(n) }, details);
    return 'alive';
  } catch (error) {
    if (!(error instanceof ActivityNotFoundError || error instanceof ActivityCancelledError)) throw error;
  }
  try {
    // It expired, and the signal starts the next; or it is just being started, and the signal changes nothing.
    if (wake) await client.workflow.getHandle(workflowId).signal(seenSignal);
    return 'silent';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'unknown';
    throw error;
  }
}

const beatOf = ({ n, profile, said }: KnownHolder): Beat => ({
  n,
  presenceMs: profile.presence_ms,
  nextAt: 0,
  said: said ? { health: said.health, load: said.load } : {},
});

async function readBeat(client: Client, holder: HolderRef): Promise<Beat | null> {
  try {
    const description = await client.workflow.getHandle(holderWorkflowId(holder)).describe();
    if (description.status.name !== 'RUNNING') return null;
    const known = holderFromDescription(description, Date.now());
    return known && beatOf(known);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
