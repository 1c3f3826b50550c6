import { describe, expect, it } from '@jest/globals';
import { completed } from '../../../bench/completed';
import type { Api, Reply } from '../../../examples/demo/api';

/** An API that answers the receipt, and then tells these statuses one after another. */
const apiOf = (reply: Reply, statuses: string[] = []) => {
  const api: Pick<Api, 'post' | 'task'> = {
    post: async () => reply,
    task: async (id) => ({ id, status: statuses.shift() }) as Awaited<ReturnType<Api['task']>>,
  };
  return api as Api;
};
const dequeued = { task: { id: 'org/repo#1' }, lease: { epoch: 1 } };
const pending = { status: 202, body: { id: 'org/repo#1', pending: true, message_id: 'm' } };

describe('a receipt', () => {
  it('is taken at once', async () => {
    await completed(apiOf({ status: 200, body: { status: 'completed' } }), dequeued);
  });

  it('that is pending is followed until the task is closed', async () => {
    const left = ['assigned', 'running', 'completed', 'unasked'];
    await completed(apiOf(pending, left), dequeued);
    expect(left).toEqual(['unasked']);
  });

  it.each<[string, Api]>([
    ['is refused', apiOf({ status: 409, body: { code: 'stale_epoch' } })],
    ['leaves the task open', apiOf({ status: 200, body: { status: 'review_pending' } })],
    ['was pending and the task failed', apiOf(pending, ['failed'])],
  ])('is an error when it %s', async (_, api) => {
    await expect(completed(api, dequeued)).rejects.toThrow();
  });
});
