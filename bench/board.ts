/**
 * The board alone, without Temporal: take the best entry and put it back, with 100 and with 10 000 tasks
 * waiting. By hand: `npm run build && node dist/bench/board.js`. The claim that follows a take costs a thousand
 * times as much (5 ms), so what is left of the ratio here is not to be seen in a dequeue.
 */
import { type BoardEntry, createBoardOn, type Want } from '../dispatch/board';

const SIZES = [100, 10_000];
const ROUNDS = 7;
const TAKES = 20_000;
const LABELS = ['agent:code', 'agent:review', 'agent:docs', 'bug'];

const want: Want = { holder: 'agent:bench', capabilities: ['agent:code', 'agent:docs'], product: 'default' };

function entryNumber(i: number): BoardEntry {
  return {
    taskId: `org/repo#${i}`,
    labels: [LABELS[i % LABELS.length] ?? 'bug'],
    priority: 1 + ((i * 7) % 10),
    mode: 'undecided',
    claimableSince: i,
    assignedTo: null,
    product: 'default',
  };
}

/** Microseconds for one take and one put. */
async function cycle(size: number): Promise<number> {
  const source = { claimable: async function* () {} };
  const board = createBoardOn(source, { logger: { warn: console.error } });
  for (let i = 0; i < size; i++) board.put(entryNumber(i));
  const startedAt = process.hrtime.bigint();
  for (let i = 0; i < TAKES; i++) {
    const taken = await board.take(want, async (entry) => ({ taken: entry }), { waitMs: 0 });
    if (taken === null) throw new Error('the board gave nothing');
    // Freed again, now the youngest of its priority: the furthest insertion.
    board.put({ ...taken, claimableSince: size + i });
  }
  const us = Number(process.hrtime.bigint() - startedAt) / 1_000 / TAKES;
  await board.close();
  return us;
}

async function main(): Promise<void> {
  const best = new Map(SIZES.map((size) => [size, Number.POSITIVE_INFINITY]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const size of SIZES) best.set(size, Math.min(best.get(size) ?? 0, await cycle(size)));
  }
  for (const [size, us] of best) console.log(`${size} tasks: ${us.toFixed(2)} µs for a take and a put`);
  const [small, large] = SIZES.map((size) => best.get(size) ?? 0);
  console.log(`ratio ${((large ?? 0) / (small ?? 1)).toFixed(2)}`);
}

void main();
