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
  forgetSignal,
  holderQuery,
  killSignal,
  registerSignal,
  reportSignal,
  revokeTokensSignal,
  seenSignal,
} from '../messages';
import { CONTROL_QUEUE, presenceActivityId } from '../names';
import { kill, nextSweepAt } from '../rules/kill';
import { admit, away, register, report, revokeTokens, seen } from '../rules/presence';
import type { ControlActivities } from '../task/activity-types';
import { sweepUntilSettled } from './sweep';
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
  let sweeping = false;
  let forgotten = false;

  setHandler(registerSignal, (next, said) => {
    state = register(state, next, Date.now(), said);
    forgotten = false;
  });
  setHandler(forgetSignal, () => {
    forgotten = true;
  });
  setHandler(killSignal, (order) => {
    state = kill(state, order, Date.now());
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

  const machine = {
    get state() {
      return state;
    },
    apply(rule: (state: HolderState) => HolderState) {
      state = rule(state);
    },
  };

  for (;;) {
    if (state.presence === 'online' && watched !== state.n) {
      watched = state.n;
      const { n } = state;
      void watchPresence(state).then(() => {
        state = away(state, n);
      });
    }
    if (!sweeping && nextSweepAt(state) !== null) {
      sweeping = true;
      void sweepUntilSettled(`${state.profile.kind}:${state.profile.id}`, machine).then(() => {
        sweeping = false;
      });
    }
    const text = JSON.stringify(state);
    if (text !== published) {
      published = text;
      upsertMemo({ holder: state });
      setCurrentDetails(`${state.profile.kind} ${state.profile.id} is ${state.presence}.`);
    }
    if (forgotten) return;
    // The presence activity does not survive it: the next run starts another, whose time begins anew.
    if (workflowInfo().continueAsNewSuggested && !sweeping) {
      await continueAsNew<typeof holder>(state.profile, state);
    }
    await condition(() => forgotten || JSON.stringify(state) !== published);
  }
}
