import { isGrpcServiceError } from '@temporalio/client';

/** https://grpc.io/docs/guides/status-codes/ */
export const GRPC = {
  deadlineExceeded: 4,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unavailable: 14,
} as const;

/** The gRPC status of an error or of what caused it; null when it has none. */
export function grpcStatusOf(error: unknown): number | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause.code;
  }
  return null;
}
