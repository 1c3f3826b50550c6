import { expect, it } from '@jest/globals';
import { complete } from '../../../workflows/rules/receipt';
import { completion, held, receipt, T0 } from '../../helpers/task-state';

it('of a failed attempt, what its receipt names is where the next one goes on', () => {
  const artifacts = { branch: 'wip', commit: 'abcdef0' };
  const failed = completion({ receipt: receipt({ status: 'failed', artifacts }) });
  expect(complete(held(), failed, T0, 0).state).toMatchObject({ status: 'created', checkpoint: artifacts });
});

it('of a failed attempt that names nothing, the checkpoint before holds', () => {
  const before = { ...held(), checkpoint: { branch: 'earlier', commit: 'abcdef1' } };
  const failed = completion({ receipt: receipt({ status: 'failed' }) });
  expect(complete(before, failed, T0, 0).state.checkpoint).toEqual({ branch: 'earlier', commit: 'abcdef1' });
});
