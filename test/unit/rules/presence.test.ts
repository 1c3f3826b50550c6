import { describe, expect, it } from '@jest/globals';
import type { HolderProfile, HolderState } from '../../../workflows/holder/types';
import { admit, away, register, report, seen } from '../../../workflows/rules/presence';

const profile: HolderProfile = {
  kind: 'host',
  id: 'h',
  capabilities: [],
  slots: 1,
  version: null,
  product: null,
  presence_ms: 1_000,
};
const health = { os: 'Linux', missing: [], templates: {}, failure: null };
const order = (name: 'cordon' | 'uncordon' | 'drain', by = 'ada') => ({ order: name, by, reason: null });

describe('presence', () => {
  it('begins with the registration, but for a host that is looked at', () => {
    expect(register(null, profile, 1)).toMatchObject({ presence: 'online', n: 1, registered_at: 1 });
    const probed = register(null, { ...profile, probed: true }, 1);
    expect(probed).toMatchObject({ presence: 'offline', n: 0 });
    expect(register(probed, { ...profile, probed: true, slots: 2 }, 2)).toMatchObject({
      presence: 'offline',
      profile: { slots: 2 },
      registered_at: 1,
    });
    expect(seen(probed)).toMatchObject({ presence: 'online', n: 1 });
    expect(away(seen(probed), 0)).toMatchObject({ presence: 'online' });
    expect(away(seen(probed), 1)).toMatchObject({ presence: 'offline' });
  });
});

describe('a cordon', () => {
  const open = report(register(null, profile, 0), health);

  it.each<[string, Array<Parameters<typeof order>>, object | null]>([
    ['is set', [['cordon']], { draining: false, by: 'ada', at: 0 }],
    ['is kept as it was by a second one', [['cordon'], ['cordon', 'bob']], { by: 'ada', at: 0 }],
    ['becomes draining', [['cordon'], ['drain', 'bob']], { draining: true, by: 'bob', at: 1 }],
    ['ends', [['drain'], ['uncordon']], null],
    ['that is not there ends without a trace', [['uncordon']], null],
  ])('%s', (_, orders, expected) => {
    const state = orders.reduce<HolderState>((s, o, i) => admit(s, order(...o), i), open);
    if (expected === null) expect(state.cordon ?? null).toBeNull();
    else expect(state.cordon).toMatchObject(expected);
    expect(state.health).toEqual(health);
  });

  it('outlives a registration and a report', () => {
    const cordoned = admit(open, order('cordon'), 5);
    expect(report(register(cordoned, profile, 9), { ...health, os: 'x' })).toMatchObject({
      cordon: { at: 5 },
      health: { os: 'x' },
    });
  });

  it('that changes nothing leaves the state alone', () => {
    expect(admit(open, order('uncordon'), 1)).toBe(open);
    const cordoned = admit(open, order('cordon'), 1);
    expect(admit(cordoned, order('cordon'), 2)).toBe(cordoned);
  });
});
