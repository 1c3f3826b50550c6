import { ApplicationFailure } from '@temporalio/workflow';
import type { Rejection } from '../messages';

/** In a validator: the Update is refused and leaves no event. */
export const refusal = (rejection: Rejection) =>
  ApplicationFailure.nonRetryable(`refused: ${rejection}`, rejection);
