import { describe, expect, it } from '@jest/globals';
import { admissionOf, directiveTo } from '../../api/admission';
import type { Cordon, Kill } from '../../workflows/holder/types';

const NOW = 100_000;
const cordon = (draining: boolean, at: number): Cordon => ({ draining, by: 'ada', reason: null, at });
const killed: Kill = {
  id: 'k',
  by: 'ada',
  reason: null,
  at: 0,
  fenced: [],
  sweeps: 0,
  swept_at: null,
  settled: true,
};

describe('a holder', () => {
  it.each([
    ['nothing was ordered for', {}, 0, 'open', 'continue'],
    ['that was let in again', { cordon: null, killed: null }, 0, 'open', 'continue'],
    ['that is cordoned', { cordon: cordon(false, 0) }, 0, 'cordoned', 'quiet'],
    ['that drains and holds something', { cordon: cordon(true, 0) }, 1, 'draining', 'quiet'],
    ['that was told to drain a moment ago', { cordon: cordon(true, NOW - 10_000) }, 0, 'draining', 'quiet'],
    ['that has drained', { cordon: cordon(true, NOW - 10_001) }, 0, 'drained', 'quiet'],
    ['that was killed', { killed }, 0, 'killed', 'terminate'],
    ['that was killed while it drained', { killed, cordon: cordon(true, 0) }, 1, 'killed', 'terminate'],
  ])('%s', (_, state, holds, admission, directive) => {
    expect(admissionOf(state, holds, NOW)).toBe(admission);
    expect(directiveTo(state)).toBe(directive);
  });

  it('that is not known goes on', () => {
    expect(directiveTo(null)).toBe('continue');
  });
});
