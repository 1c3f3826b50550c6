import { describe, expect, it } from '@jest/globals';
import type { Client } from '@temporalio/client';
import { createWarmNext } from '../../../dispatch/warm-next';
import { settle } from '../../helpers/manual-clock';
import { entry } from '../../helpers/scripted-source';

const WANT = { holder: 'agent:a', capabilities: ['agent:code'], product: null } as const;

/** A board of as many entries as `size`, and an engine whose answers wait for `answer`. */
function fixture(size: number) {
  const made = { asked: [] as string[], next: 't-1', answer: (_: Error | null) => {} };
  const query = (id: string) =>
    new Promise<void>((resolve, reject) => {
      made.asked.push(id);
      made.answer = (error) => (error ? reject(error) : resolve());
    });
  const client = {
    withDeadline: (_: number, call: () => Promise<void>) => call(),
    workflow: { getHandle: (id: string) => ({ query: () => query(id) }) },
  } as unknown as Client;
  const board = { size: () => size, next: () => entry({ taskId: made.next }) };
  const warmNext = createWarmNext(board, client, 100);
  return { made, take: () => warmNext({ ...WANT, capabilities: [...WANT.capabilities] }) };
}

describe('the next task of a long queue', () => {
  it('is asked a question, and the one after it when that is answered', async () => {
    const { made, take } = fixture(100);
    take();
    expect(made.asked).toEqual(['task/t-1']);
    made.answer(null);
    await settle();
    made.next = 't-2';
    take();
    expect(made.asked).toEqual(['task/t-1', 'task/t-2']);
  });

  it('is left alone while a question waits for its answer, and when it was asked already', async () => {
    const { made, take } = fixture(100);
    take();
    made.next = 't-2';
    take();
    expect(made.asked).toEqual(['task/t-1']);
    made.next = 't-1';
    made.answer(new Error('no worker'));
    await settle();
    take();
    expect(made.asked).toEqual(['task/t-1']);
  });

  it('is not asked while the queue is short: its worker remembers it', () => {
    const { made, take } = fixture(99);
    take();
    expect(made.asked).toEqual([]);
  });
});
