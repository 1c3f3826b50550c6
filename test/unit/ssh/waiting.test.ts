import { getEventListeners } from 'node:events';
import { expect, it } from '@jest/globals';
import { abortable, pause } from '../../../activities/ssh/remote/waiting';

it('lets go of its signal, which outlives many waits', async () => {
  const { signal } = new AbortController();
  for (let i = 0; i < 3; i++) {
    await pause(1, signal);
    await abortable(Promise.resolve(), signal);
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('ends with the reason of its signal', async () => {
  const controller = new AbortController();
  const waiting = pause(60_000, controller.signal);
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});
