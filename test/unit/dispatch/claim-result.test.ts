import { describe, expect, it } from '@jest/globals';
import {
  ApplicationFailure,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { claimHash } from '../../../dispatch/claim-hash';
import { claimFailure } from '../../../dispatch/claim-result';
import { REJECTIONS } from '../../../workflows/messages';

/** As grpc-js makes them: the client tells them by these fields. */
const grpc = (code: number) => Object.assign(new Error(`${code}`), { code, details: '', metadata: {} });
const service = (code: number) => new ServiceError('failed', { cause: grpc(code) });
const refused = (type: string) =>
  new WorkflowUpdateFailedError('refused', ApplicationFailure.nonRetryable('refused', type));

describe('claimFailure', () => {
  it.each(REJECTIONS.map((code) => [code]))('passes on the refusal %s', (code) => {
    expect(claimFailure(refused(code))).toEqual({ kind: 'rejected', code, crowded: false });
  });

  it.each([
    ['an Update that its task could not finish', refused('AcceptedUpdateCompletedWorkflow'), 'closed'],
    [
      'a closed task',
      new WorkflowNotFoundError('workflow execution already completed', 'task/x', undefined),
      'closed',
    ],
    [
      'no task',
      new WorkflowNotFoundError('workflow not found for ID: task/x', 'task/x', undefined),
      'not_found',
    ],
  ])('takes %s for an answer', (_, error, code) => {
    expect(claimFailure(error)).toEqual({ kind: 'rejected', code, crowded: false });
  });

  it.each([[8], [9]])(
    'takes gRPC status %i for a lost race in which the task may still be free',
    (status) => {
      expect(claimFailure(service(status))).toEqual({
        kind: 'rejected',
        code: 'not_claimable',
        crowded: true,
      });
    },
  );

  it.each([
    ['a deadline', new WorkflowUpdateRPCTimeoutOrCancelledError('late', { cause: grpc(4) })],
    ['a lost connection', service(14)],
    ['an internal error', service(13)],
    ['an unknown error', service(2)],
    ['anything else', new Error('who knows')],
  ])('does not know after %s', (_, error) => {
    expect(claimFailure(error)).toEqual({ kind: 'indeterminate' });
  });
});

describe('claimHash', () => {
  it('is the same for the same claim, and another for any other', () => {
    const hashes = [
      claimHash('agent:a', 'r'),
      claimHash('agent:b', 'r'),
      claimHash('agent:a', 'r2'),
      claimHash('host:a', 'r'),
    ];
    expect(claimHash('agent:a', 'r')).toBe(hashes[0]);
    expect(new Set(hashes).size).toBe(4);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{32}$/);
  });
});
