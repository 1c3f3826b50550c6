import { describe, expect, it } from '@jest/globals';
import { ChannelSlots, type ChannelUse } from '../../../activities/ssh/remote/channel-slots';

/** Takes places and notes the order in which they were given. */
function taker(slots: ChannelSlots) {
  const given: string[] = [];
  const releases = new Map<string, () => void>();
  return {
    given,
    take(name: string, use: ChannelUse = 'short', signal = new AbortController().signal) {
      return slots.take(use, signal).then((release) => {
        given.push(name);
        releases.set(name, release);
      });
    },
    async release(name: string) {
      releases.get(name)?.();
      await settled();
    },
  };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('places on a connection', () => {
  it('keep one for what is urgent', async () => {
    const slots = new ChannelSlots();
    const { take, given } = taker(slots);
    for (let i = 0; i < 9; i += 1) void take(`s${i}`);
    await settled();
    expect(given).toHaveLength(4);
    void take('kill', 'urgent');
    void take('kill2', 'urgent');
    await settled();
    expect(given.slice(4)).toEqual(['kill']);
    expect(slots.taken).toBe(5);
  });

  it('are given in order, but to what is urgent first', async () => {
    const { take, given, release } = taker(new ChannelSlots());
    for (let i = 0; i < 6; i += 1) void take(`s${i}`);
    void take('kill', 'urgent');
    await settled();
    void take('kill2', 'urgent');
    await release('s0');
    expect(given.slice(4)).toEqual(['kill', 'kill2']);
    await release('kill');
    expect(given.slice(6)).toEqual([]);
    await release('kill2');
    expect(given.slice(6)).toEqual(['s4']);
    await release('s1');
    expect(given.slice(7)).toEqual(['s5']);
  });

  it('are never all taken by what may take long', async () => {
    const { take, given, release } = taker(new ChannelSlots());
    for (let i = 0; i < 4; i += 1) void take(`l${i}`, 'long');
    void take('s0');
    await settled();
    expect(given).toEqual(['l0', 'l1', 's0']);
    await release('s0');
    expect(given).toEqual(['l0', 'l1', 's0']);
    await release('l0');
    expect(given.at(-1)).toBe('l2');
  });

  it('are fewer once the server has refused, and more again later', async () => {
    let now = 0;
    const slots = new ChannelSlots(() => now);
    expect(slots.roomy).toBe(true);
    const { take, given, release } = taker(slots);
    slots.refusedAfter(2);
    expect(slots.roomy).toBe(false);
    for (let i = 0; i < 4; i += 1) void take(`s${i}`);
    await settled();
    expect(given).toEqual(['s0', 's1']);
    await release('s0');
    expect(given).toEqual(['s0', 's1', 's2']);
    now = 31_000;
    await release('s1');
    // One more than before; the third was waiting.
    expect(given).toEqual(['s0', 's1', 's2', 's3']);
    for (let i = 0; i < 4; i += 1) {
      now += 31_000;
      void take('more');
      await release(i % 2 ? 's2' : 's3');
      await release('more');
    }
    expect(slots.taken).toBeLessThanOrEqual(2);
  });

  it('are one at least', async () => {
    const slots = new ChannelSlots();
    slots.refusedAfter(0);
    const { take, given } = taker(slots);
    void take('long', 'long');
    void take('short');
    await settled();
    expect(given).toEqual(['long']);
  });

  it('are not given to who has gone, nor given back twice', async () => {
    const slots = new ChannelSlots();
    const { take, given, release } = taker(slots);
    for (let i = 0; i < 5; i += 1) void take(`s${i}`);
    const controller = new AbortController();
    const gone = expect(take('gone', 'short', controller.signal)).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await gone;
    await expect(take('late', 'short', controller.signal)).rejects.toThrow('enough');
    await release('s0');
    await release('s0');
    expect(slots.taken).toBe(4);
    expect(given).not.toContain('gone');
  });
});
