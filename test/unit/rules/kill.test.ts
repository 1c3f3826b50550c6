import { describe, expect, it } from '@jest/globals';
import type { Fenced, HolderProfile, HolderState } from '../../../workflows/holder/types';
import { kill, nextSweepAt, SETTLE_MS, swept } from '../../../workflows/rules/kill';
import { admit, register } from '../../../workflows/rules/presence';

const profile: HolderProfile = {
  kind: 'agent',
  id: 'a',
  capabilities: [],
  slots: 1,
  version: null,
  product: null,
  presence_ms: 1_000,
};
const AT = 100_000;
const open = register(null, profile, 0);
const order = (id = 'k1') => ({ id, by: 'ada', reason: 'stuck' });
const killed = kill(open, order(), AT);
const found = (n: number): Fenced => ({ task_id: `t${n}`, epoch: 1 });
const uncordon = { order: 'uncordon', by: 'ada', reason: null } as const;
const sweptBy = (...sweeps: Array<[begunAt: number, found: Fenced[]]>) =>
  sweeps.reduce<HolderState>((state, [begunAt, seen]) => swept(state, 'k1', seen, begunAt), killed);

describe('a kill', () => {
  it('refuses tokens, and is told apart from a repeat of its order', () => {
    expect(killed).toMatchObject({ generation: 1, killed: { by: 'ada', at: AT, sweeps: 0, settled: false } });
    expect(kill(killed, order(), AT + 1)).toBe(killed);
    expect(kill(killed, order('k2'), AT + 1)).toMatchObject({
      generation: 2,
      killed: { id: 'k2', sweeps: 0 },
    });
  });

  it.each<[string, HolderState, number | null]>([
    ['is not looked after before there is one', open, null],
    ['looks at once', killed, AT],
    ['looks again beyond the lag of the index', sweptBy([AT, []]), AT + 500],
    ['looks when no claim from before can be granted any more', sweptBy(...four()), AT + SETTLE_MS],
    [
      'looks on while it finds something',
      sweptBy(...four(), [AT + SETTLE_MS, [found(1)]]),
      AT + SETTLE_MS + 2_000,
    ],
    ['is through when it then finds nothing', sweptBy(...four(), [AT + SETTLE_MS, []]), null],
    [
      'is not through by a look that came too early',
      sweptBy(...four(), [AT + SETTLE_MS - 1, []]),
      AT + SETTLE_MS + 1_999,
    ],
  ])('%s', (_, state, expected) => {
    expect(nextSweepAt(state)).toBe(expected);
  });

  it('tells each attempt once, and of another order nothing', () => {
    const state = sweptBy([AT, [found(1), found(2)]], [AT + 500, [found(2), found(3)]]);
    expect(state.killed).toMatchObject({ sweeps: 2, fenced: [found(1), found(2), found(3)] });
    expect(swept(state, 'k0', [found(4)], AT)).toBe(state);
    expect(swept(open, 'k1', [found(4)], AT)).toBe(open);
    const again = kill(state, order('k2'), AT + 900);
    expect(again.killed?.fenced).toHaveLength(3);
  });

  it('ends by uncordon once it is through, not before; the tokens stay refused', () => {
    expect(admit(killed, uncordon, AT)).toBe(killed);
    const through = sweptBy(...four(), [AT + SETTLE_MS, []]);
    expect(admit(through, uncordon, AT)).toMatchObject({ killed: null, generation: 1 });
    expect(kill(admit(through, uncordon, AT), order('k2'), AT).killed?.fenced).toEqual([]);
  });

  it('outlives a registration and a cordon', () => {
    const cordoned = admit(register(killed, profile, AT), { ...uncordon, order: 'cordon' }, AT);
    expect(cordoned.killed).toEqual(killed.killed);
    const through = swept(cordoned, 'k1', [], AT + SETTLE_MS);
    expect(admit(through, uncordon, AT)).toMatchObject({ killed: null, cordon: null });
  });
});

function four(): Array<[number, Fenced[]]> {
  return [0, 500, 2_000, 5_000].map((ms) => [AT + ms, []]);
}
