import { describe, expect, it } from '@jest/globals';
import {
  ActivityCompletionError,
  ServiceError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import { toProblem } from '../../api/error-handler';
import { problemBody } from '../../api/problems';
import { temporalProblem } from '../../api/temporal-errors';
import { REJECTIONS } from '../../workflows/messages';

const grpc = (code: number) => new ServiceError('failed', { cause: grpcCause(code) });
const grpcCause = (code: number) => Object.assign(new Error('grpc'), { code, details: 'grpc', metadata: {} });
const rejected = (type: string) =>
  new WorkflowUpdateFailedError('refused', ApplicationFailure.nonRetryable('refused', type));

describe('an error of Temporal', () => {
  it.each([
    ['CANCELLED', grpc(1), 503, 'engine_unavailable'],
    ['UNKNOWN', grpc(2), 503, 'engine_unavailable'],
    ['INVALID_ARGUMENT', grpc(3), 400, 'refused_by_engine'],
    ['DEADLINE_EXCEEDED', grpc(4), 503, 'engine_unavailable'],
    ['NOT_FOUND', grpc(5), 404, 'not_found'],
    ['ALREADY_EXISTS', grpc(6), 503, 'engine_unavailable'],
    ['PERMISSION_DENIED', grpc(7), 503, 'engine_unavailable'],
    ['RESOURCE_EXHAUSTED', grpc(8), 503, 'overloaded'],
    ['FAILED_PRECONDITION', grpc(9), 503, 'no_worker'],
    ['ABORTED', grpc(10), 503, 'engine_unavailable'],
    ['INTERNAL', grpc(13), 503, 'engine_unavailable'],
    ['UNAVAILABLE', grpc(14), 503, 'engine_unavailable'],
    ['UNAUTHENTICATED', grpc(16), 503, 'engine_unavailable'],
    ['a gRPC error that is not wrapped', grpcCause(14), 503, 'engine_unavailable'],
    ['an Update without an answer', new WorkflowUpdateRPCTimeoutOrCancelledError('late'), 503, 'no_worker'],
    ['a heartbeat that failed', new ActivityCompletionError('no connection'), 503, 'engine_unavailable'],
    ['a service error without a cause', new ServiceError('odd'), 503, 'engine_unavailable'],
    ['a missing namespace', new NamespaceNotFoundError('ns'), 503, 'engine_unavailable'],
    ['a missing workflow', new WorkflowNotFoundError('gone', 'w', undefined), 404, 'not_found'],
    ['a stale epoch', rejected('stale_epoch'), 409, 'stale_epoch'],
    ['an assignment too late in life', rejected('not_created'), 400, 'not_created'],
    ['a message that came too late', rejected('too_late'), 503, 'no_worker'],
    ['a refusal of a later version', rejected('from_the_future'), 409, 'from_the_future'],
  ])('%s', (_, error, status, code) => {
    const problem = temporalProblem(error);
    expect(problem).toMatchObject({ statusCode: status, code });
    expect(problem?.extras.retryAfterS).toBe(status === 503 ? 2 : undefined);
  });

  it('is never 409 unless a task said so, and never 500', () => {
    for (let code = 1; code <= 16; code++) {
      expect([400, 404, 503]).toContain(temporalProblem(grpc(code))?.statusCode);
    }
  });

  it('has an answer for every rejection of a task', () => {
    for (const rejection of REJECTIONS) {
      expect(temporalProblem(rejected(rejection))?.message).not.toBe('the task refused this');
    }
  });
});

describe('any other error', () => {
  it('is 500 and tells nothing of itself', () => {
    const problem = toProblem(new Error('password=hunter2'));
    expect(problem.statusCode).toBe(500);
    expect(JSON.stringify(problemBody(problem))).not.toContain('hunter2');
  });

  it.each([
    ['FST_ERR_CTP_BODY_TOO_LARGE', 413, 'body_too_large'],
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415, 'unsupported_media_type'],
    ['FST_ERR_CTP_INVALID_JSON_BODY', 400, 'invalid_json'],
    ['FST_ERR_BAD_URL', 400, 'invalid_path'],
  ])('%s of the framework has a stable code', (code, status, stable) => {
    expect(toProblem(Object.assign(new Error('x'), { code, statusCode: status }))).toMatchObject({
      statusCode: status,
      code: stable,
    });
  });

  it('keeps a 4xx of a plugin a 4xx', () => {
    expect(toProblem(Object.assign(new Error('x'), { statusCode: 418 }))).toMatchObject({
      statusCode: 418,
      code: 'invalid_request',
    });
  });
});
