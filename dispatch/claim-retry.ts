import {
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import { GRPC } from './grpc-status';
import type { Reachability } from './reachability';

/**
 * Interceptors for the connection on which claims are sent. The usual ones wait a second and more when a
 * workflow has too many Updates in flight; for a claim that is a lost race, and the next candidate waits.
 */
export function claimInterceptors(
  reachability: Reachability,
): NonNullable<ConnectionOptions['interceptors']> {
  const usual = defaultGrpcRetryOptions();
  return [
    makeGrpcRetryInterceptor({
      ...usual,
      retryableDecider(attempt, status) {
        reachability.note(status.code);
        return status.code !== GRPC.resourceExhausted && usual.retryableDecider(attempt, status);
      },
    }),
  ];
}
