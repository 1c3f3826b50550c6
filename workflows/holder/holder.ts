/** One host or agent: what it can do and whether it is there. Read through its memo, so no worker is needed. */
import {
  ActivityCancellationType,
  ActivityFailure,
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import {
  admissionSignal,
  holderQuery,
  registerSignal,
  reportSignal,
  revokeTokensSignal,
  seenSignal,
} from '../messages';
import { CONTROL_QUEUE, presenceActivityId } from '../names';
import { admit, away, register, report, revokeTokens, seen } from '../rules/presence';
import type { ControlActivities } from '../task/activity-types';
import type { HolderProfile, HolderReport, HolderState } from './types';

/** Presence is an activity kept alive by heartbeats, like a lease: hearing of a holder costs no history event. */
async function watchPresence(state: HolderState): Promise<void> {
  const { kind, id, presence_ms } = state.profile;
  const { holdPresence } = proxyActivities<ControlActivities>({
    taskQueue: CONTROL_QUEUE,
    activityId: presenceActivityId(state.n),
    heartbeatTimeout: presence_ms,
    startToCloseTimeout: '3650 days',
    retry: { maximumAttempts: 1 },
    cancellationType: ActivityCancellationType.ABANDON,
    summary: `presence of ${kind} ${id}`,
  });
  try {
    await holdPresence(`${kind}:${id}`);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
  }
}

export async function holder(profile: HolderProfile, carried?: HolderState): Promise<void> {
  let state = carried ?? register(null, profile, Date.now());
  let watched = 0;
  let published = '';

  setHandler(registerSignal, (next) => {
    state = register(state, next, Date.now());
  });
  setHandler(seenSignal, () => {
    state = seen(state);
  });
  setHandler(revokeTokensSignal, () => {
    state = revokeTokens(state);
  });
  setHandler(reportSignal, (health) => {
    state = report(state, health);
  });
  setHandler(admissionSignal, (order) => {
    state = admit(state, order, Date.now());
  });
  setHandler(holderQuery, (): HolderReport => state);

  for (;;) {
    if (state.presence === 'online' && watched !== state.n) {
      watched = state.n;
      const { n } = state;
      void watchPresence(state).then(() => {
        state = away(state, n);
      });
    }
    const text = JSON.stringify(state);
    if (text !== published) {
      published = text;
      upsertMemo({ holder: state });
      setCurrentDetails(`${state.profile.kind} ${state.profile.id} is ${state.presence}.`);
    }
    // The presence activity does not survive it: the next run starts another, whose time begins anew.
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof holder>(state.profile, state);
    }
    await condition(() => JSON.stringify(state) !== published);
  }
}
