import { afterEach, describe, expect, it } from '@jest/globals';
import { type Board, createBoardOn } from '../../dispatch/board';
import type { ClaimResult, Claims } from '../../dispatch/claim';
import { type Dispatcher, startDispatcher } from '../../workers/dispatcher';
import { createSlots, type HostRoom, type Slots } from '../../workers/dispatcher-slots';
import { manualClock, settle } from '../helpers/manual-clock';
import { entry, scriptedSource } from '../helpers/scripted-source';

const room = (id: string, slots: number, capabilities = ['agent:code']): HostRoom => ({
  id,
  slots,
  capabilities,
  online: () => true,
});

const granted = { kind: 'granted', grant: { epoch: 1 } } as ClaimResult;
const refused = (code: 'not_claimable' | 'wrong_mode' | 'wrote_it'): ClaimResult => ({
  kind: 'rejected',
  code,
  crowded: false,
});

let open: Array<{ dispatcher: Dispatcher; board: Board; slots: Slots }> = [];
afterEach(async () => {
  for (const { dispatcher, board, slots } of open) {
    await dispatcher.stop();
    await board.close();
    slots.close();
  }
  open = [];
});

async function fixture(
  rooms: HostRoom[],
  answer: (taskId: string) => ClaimResult | Promise<ClaimResult> = () => granted,
) {
  const clock = manualClock();
  const source = scriptedSource();
  const warnings: unknown[] = [];
  const logger = { warn: (...line: unknown[]) => warnings.push(line), info: () => undefined } as never;
  const board = createBoardOn(source, { clock, logger });
  const slots = createSlots(rooms, clock);
  const sent: Array<[taskId: string, holder: string]> = [];
  const lacking: unknown[] = [];
  const claims = {
    async claim(taskId, claim) {
      sent.push([taskId, claim.holder]);
      lacking.push(claim.lacking);
      return answer(taskId);
    },
  } as Pick<Claims, 'claim'> as Claims;
  const held = { now: new Map<string, Set<string>>(), failure: null as Error | null, asked: 0 };
  const dispatcher = startDispatcher({
    board,
    claims,
    slots,
    logger,
    clock,
    held: async () => {
      held.asked += 1;
      if (held.failure) throw held.failure;
      return held.now;
    },
  });
  open.push({ dispatcher, board, slots });
  await settle();
  return { clock, source, board, slots, sent, lacking, held, warnings };
}

describe('the dispatcher', () => {
  it('spreads tasks over the hosts by load and stops when they are full', async () => {
    const { board, sent } = await fixture([room('big', 4), room('small', 2)]);
    for (let i = 0; i < 8; i++) {
      board.put(entry({ taskId: `t${i}` }));
      await settle();
    }
    expect(sent.map(([, holder]) => holder)).toEqual([
      'host:big',
      'host:small',
      'host:big',
      'host:big',
      'host:small',
      'host:big',
    ]);
    expect(board.size()).toBe(2);
  });

  it('goes on when an attempt has ended', async () => {
    const { board, slots, sent } = await fixture([room('h', 1)]);
    board.put(entry({ taskId: 'a' }));
    board.put(entry({ taskId: 'b' }));
    await settle();
    expect(sent).toEqual([['a', 'host:h']]);
    slots.enter('h', 'a', 'a-e1')('ended');
    await settle();
    expect(sent).toEqual([
      ['a', 'host:h'],
      ['b', 'host:h'],
    ]);
  });

  it('takes nothing before it knows what the hosts hold', async () => {
    const clock = manualClock();
    const board = createBoardOn(scriptedSource(), { clock, logger: { warn: () => undefined } as never });
    const slots = createSlots([room('h', 1)], clock);
    board.put(entry());
    const sent: string[] = [];
    const claim = async (taskId: string) => {
      sent.push(taskId);
      return granted;
    };
    const claims = { claim } as Pick<Claims, 'claim'> as Claims;
    let failure: Error | null = new Error('away');
    const held = async () => {
      if (failure) throw failure;
      return new Map([['h', new Set(['still running'])]]);
    };
    const logger = { warn: () => undefined, info: () => undefined } as never;
    const dispatcher = startDispatcher({ board, claims, slots, logger, clock, held });
    open.push({ dispatcher, board, slots });
    await clock.advance(3_000);
    failure = null;
    await clock.advance(3_000);
    expect(sent).toEqual([]);
    expect(slots.candidates()[0]?.running).toBe(1);
  });

  it('leaves to agents what no host can do, and takes what is assigned to a host first', async () => {
    const { board, sent } = await fixture([room('h', 1)]);
    board.put(entry({ taskId: 'review', labels: ['agent:review'] }));
    board.put(entry({ taskId: 'pull', mode: 'http_pull' }));
    board.put(entry({ taskId: 'other host', assignedTo: 'host:x' }));
    await settle();
    expect(sent).toEqual([]);
    board.put(entry({ taskId: 'mine', assignedTo: 'host:h', labels: ['agent:review'], mode: 'ssh_cli' }));
    await settle();
    expect(sent).toEqual([['mine', 'host:h']]);
  });

  it('takes nothing for a host that lacks the template, and says what it lacks', async () => {
    const condition = { lacking: ['codex-cli'] as Array<string | null> };
    const { board, slots, sent, lacking } = await fixture([{ ...room('h', 9), condition: () => condition }]);
    board.put(entry({ taskId: 'codex', template: 'codex-cli' }));
    board.put(entry({ taskId: 'default', template: null }));
    board.put(entry({ taskId: 'not known', template: undefined }));
    await settle();
    expect(sent.map(([taskId]) => taskId).sort()).toEqual(['default', 'not known']);
    expect(lacking).toEqual([['codex-cli'], ['codex-cli']]);
    condition.lacking = [];
    slots.changed();
    await settle();
    expect(sent.at(-1)).toEqual(['codex', 'host:h']);
  });

  it('takes nothing for a cordoned host, and goes on when it is uncordoned', async () => {
    const condition = { cordoned: true };
    const { board, slots, sent } = await fixture([{ ...room('h', 9), condition: () => condition }]);
    board.put(entry({ taskId: 'a' }));
    board.put(entry({ taskId: 'b', mode: 'ssh_cli', assignedTo: 'host:h' }));
    await settle();
    expect(sent).toEqual([]);
    condition.cordoned = false;
    slots.changed();
    await settle();
    expect(sent.map(([taskId]) => taskId)).toEqual(['b', 'a']);
  });

  it('claims for a host that cannot be reached only what no other holder may do', async () => {
    const condition = { online: false, unreachable: true, lacking: ['shell', null] };
    const { board, sent, lacking } = await fixture([{ ...room('h', 9), condition: () => condition }]);
    board.put(entry({ taskId: 'undecided' }));
    board.put(entry({ taskId: 'explicit', mode: 'ssh_cli', template: null }));
    await settle();
    expect(sent).toEqual([['explicit', 'host:h']]);
    expect(lacking).toEqual([[]]);
  });

  it.each(['wrong_mode', 'wrote_it'] as const)(
    'gives the slot back after %s and does not send the same claim again and again',
    async (code) => {
      const { board, clock, slots, sent } = await fixture([room('h', 2)], () => refused(code));
      board.put(entry({ taskId: 'a' }));
      await clock.advance(30_000);
      expect(slots.candidates()[0]?.running).toBe(0);
      // Once for each claim under way at one time.
      expect(sent.length).toBeLessThanOrEqual(4);
    },
  );

  it('gives a review to another host than the one that wrote the change', async () => {
    const { board, sent } = await fixture([room('author', 9), room('busier', 1)]);
    board.put(entry({ taskId: 'a', notBy: ['host:author'] }));
    board.put(entry({ taskId: 'b', notBy: ['host:author', 'host:busier'] }));
    await settle();
    expect(sent).toEqual([['a', 'host:busier']]);
  });

  it('keeps the slot while nobody knows whether the claim was granted', async () => {
    const { source, clock, slots, sent, held } = await fixture([room('h', 1)], () => ({
      kind: 'indeterminate',
    }));
    source.rows = [entry({ taskId: 'a' }), entry({ taskId: 'b' })];
    await clock.advance(4_000);
    expect(sent).toEqual([['a', 'host:h']]);
    held.now = new Map([['h', new Set(['a'])]]);
    await clock.advance(20_000);
    expect(sent).toHaveLength(1);
    held.now = new Map();
    await clock.advance(10_000);
    expect(sent.length).toBeGreaterThan(1);
    expect(slots.candidates()[0]?.running).toBeLessThanOrEqual(1);
  });

  it('looks at what the hosts hold often while others follow their runs, and rarely otherwise', async () => {
    const { clock, held } = await fixture([room('h', 1)]);
    await clock.advance(60_000);
    expect(held.asked).toBe(3);
    held.now = new Map([['h', new Set(['theirs'])]]);
    await clock.advance(30_000);
    const before = held.asked;
    await clock.advance(30_000);
    expect(held.asked - before).toBe(15);
  });

  it('claims for no host beyond its slots when claims are slow', async () => {
    let answer: (result: ClaimResult) => void = () => undefined;
    const pending = new Promise<ClaimResult>((resolve) => {
      answer = resolve;
    });
    const { board, sent, slots } = await fixture([room('h', 2)], () => pending);
    for (let i = 0; i < 5; i++) board.put(entry());
    await settle();
    expect(sent).toHaveLength(2);
    answer(granted);
    await settle();
    expect(sent).toHaveLength(2);
    expect(slots.candidates()[0]?.running).toBe(2);
  });
});
