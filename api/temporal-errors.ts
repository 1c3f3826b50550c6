/**
 * What an error of Temporal means to a caller, in one table. An engine or a worker that is away is 503
 * with Retry-After: never 409, which would tell a holder that it lost its lease, and never 500.
 */
import {
  ActivityCompletionError,
  isGrpcServiceError,
  QueryNotRegisteredError,
  QueryRejectedError,
  ServiceError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import type { Rejection } from '../workflows/messages';
import { ApiProblem, unavailable } from './problems';

/** gRPC status codes: https://grpc.io/docs/guides/status-codes/ */
export const GRPC = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  failedPrecondition: 9,
} as const;

export function grpcCode(error: unknown): number | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause.code;
  }
  return null;
}

/** The type with which a validator refused an Update, or null. */
export function rejectionOf(error: unknown): string | null {
  if (!(error instanceof WorkflowUpdateFailedError)) return null;
  return error.cause instanceof ApplicationFailure ? (error.cause.type ?? null) : null;
}

const REJECTED: Record<Rejection, [status: number, detail: string]> = {
  not_claimable: [409, 'the task cannot be claimed now'],
  holder_may_return: [409, 'the holder whose lease lapsed in an outage may still come back'],
  too_late: [503, 'the message reached the task too late'],
  voided: [409, 'the claim was given up'],
  wrong_mode: [409, 'the execution mode of the task does not allow this holder'],
  assigned_to_other: [409, 'the task is assigned to another holder'],
  not_capable: [409, 'the holder lacks a capability that the task needs'],
  template_unavailable: [409, 'the host cannot run the template of the task now'],
  wrote_it: [409, 'the holder wrote what the task is to review'],
  not_created: [400, 'a task can be assigned in the status created only'],
  locked: [409, 'another task holds the lock of this one'],
  stale_epoch: [409, 'the epoch is over: somebody else was granted the task, or the lease was revoked'],
  held_by_other: [423, 'another holder has the lease'],
};

/** The problem that an error of Temporal is, or null when it is none of its errors. */
export function temporalProblem(error: unknown): ApiProblem | null {
  if (error instanceof WorkflowNotFoundError)
    return new ApiProblem(404, 'not_found', 'there is no such thing');
  if (error instanceof NamespaceNotFoundError)
    return unavailable('engine_unavailable', 'the namespace is missing');
  const rejection = rejectionOf(error);
  if (rejection !== null) return rejected(rejection);
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return noWorker();
  if (error instanceof QueryNotRegisteredError || error instanceof QueryRejectedError) return noWorker();
  const code = grpcCode(error);
  if (code !== null) return grpcProblem(code);
  if (error instanceof ActivityCompletionError || error instanceof ServiceError) return engineAway();
  return null;
}

function rejected(type: string): ApiProblem {
  const known = Object.hasOwn(REJECTED, type) ? REJECTED[type as Rejection] : undefined;
  const [status, detail] = known ?? [409, 'the task refused this'];
  return status === 503 ? noWorker() : new ApiProblem(status, type, detail);
}

function grpcProblem(code: number): ApiProblem {
  switch (code) {
    case GRPC.invalidArgument:
      return new ApiProblem(400, 'refused_by_engine', 'the engine refused this, most likely for its size');
    case GRPC.notFound:
      return new ApiProblem(404, 'not_found', 'there is no such thing');
    case GRPC.resourceExhausted:
      return unavailable('overloaded', 'the engine is busy');
    case GRPC.failedPrecondition:
      return noWorker();
    default:
      return engineAway();
  }
}

export const noWorker = () => unavailable('no_worker', 'no worker answered in time');
export const engineAway = () =>
  unavailable('engine_unavailable', 'Temporal cannot be reached or did not answer');
