import { describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import { holderFromDescription, holderFromMemo } from '../../../dispatch/holder-state';
import type { HolderState } from '../../../workflows/holder/types';

const state: HolderState = {
  profile: {
    kind: 'agent',
    id: 'a',
    capabilities: [],
    slots: 1,
    version: null,
    product: null,
    presence_ms: 10_000,
  },
  presence: 'online',
  n: 2,
  registered_at: 0,
  generation: 0,
};
const NOW = 100_000;
const time = (ms: number) => ({
  seconds: { toNumber: () => Math.floor(ms / 1_000) },
  nanos: (ms % 1_000) * 1e6,
});

const described = (memo: HolderState | null, ...pendingActivities: object[]) =>
  ({ memo: memo ? { holder: memo } : {}, raw: { pendingActivities } }) as never;

describe('holderFromDescription', () => {
  it.each([
    ['a fresh heartbeat', { activityId: 'presence-2', lastHeartbeatTime: time(90_001) }, 'online', 90_001],
    ['an old heartbeat', { activityId: 'presence-2', lastHeartbeatTime: time(90_000) }, 'offline', 90_000],
    [
      'a start and no heartbeat yet',
      { activityId: 'presence-2', lastStartedTime: time(95_500) },
      'online',
      95_500,
    ],
    ['no pick-up yet', { activityId: 'presence-2' }, 'online', null],
    ['the activity before', { activityId: 'presence-1', lastHeartbeatTime: time(99_999) }, 'online', null],
  ])('after %s', (_, activity, presence, last_seen_at) => {
    expect(holderFromDescription(described(state, activity), NOW)).toEqual({
      ...state,
      presence,
      last_seen_at,
      beat: null,
    });
  });

  it('believes the memo where no activity is pending', () => {
    const away = { ...state, presence: 'offline' as const };
    expect(holderFromDescription(described(away), NOW)).toEqual({ ...away, last_seen_at: null, beat: null });
  });

  it('tells what the worker of a host said with its last heartbeat', () => {
    const beat = { at: 90_000, free_disk_bytes: 5, running: 2 };
    const said = (details: unknown) => ({
      activityId: 'presence-2',
      lastHeartbeatTime: time(90_001),
      heartbeatDetails: { payloads: [defaultPayloadConverter.toPayload(details)] },
    });
    expect(holderFromDescription(described(state, said(beat)), NOW)?.beat).toEqual(beat);
    expect(holderFromDescription(described(state, said(90_001)), NOW)?.beat).toBeNull();
  });

  it('tells what an agent said last, with its heartbeat or its registration', () => {
    const heard = (at: number, registered: HolderState['said']) =>
      holderFromDescription(
        described(
          { ...state, said: registered },
          {
            activityId: 'presence-2',
            lastHeartbeatTime: time(90_001),
            heartbeatDetails: {
              payloads: [defaultPayloadConverter.toPayload({ at, health: 'degraded', load: 0.5 })],
            },
          },
        ),
        NOW,
      )?.said;
    expect(heard(90_000, undefined)).toEqual({ at: 90_000, health: 'degraded', load: 0.5 });
    const newer = { at: 90_001, health: 'ok' as const, load: null };
    expect(heard(90_000, newer)).toEqual(newer);
    expect(heard(90_002, newer)?.health).toBe('degraded');
  });

  it('knows nothing without a memo', () => {
    expect(holderFromDescription(described(null), NOW)).toBeNull();
    expect(holderFromMemo({ memo: undefined })).toBeNull();
  });
});
