import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { gone } from '../../api/gone';

const response = (ended = false) =>
  Object.assign(new EventEmitter(), { writableEnded: ended, destroyed: false });

describe('a caller is gone', () => {
  it('when it hangs up before it has its answer', () => {
    const caller = response();
    const signal = gone(caller, new AbortController().signal);
    expect(signal.aborted).toBe(false);
    caller.emit('close');
    expect(signal.aborted).toBe(true);
  });

  it('not when it has its answer', () => {
    const closing = new AbortController();
    const caller = response(true);
    const signal = gone(caller, closing.signal);
    caller.emit('close');
    closing.abort();
    expect(signal.aborted).toBe(false);
  });

  it('when the server stops, with all others', () => {
    const closing = new AbortController();
    const signals = [response(), response(), response()].map((caller) => gone(caller, closing.signal));
    closing.abort();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
    expect(gone(response(), closing.signal).aborted).toBe(true);
  });
});
