import { createHash } from 'node:crypto';
import type { HolderRef } from '../contracts/task';

/** 128 bits keep claims apart; the attribute stays well below what visibility stores. */
const HEX_DIGITS = 32;

/** Value of the attribute TaskClaim: finds the task that a request was granted, and shows neither. */
export function claimHash(holder: HolderRef, requestId: string): string {
  return createHash('sha256').update(`${holder}\n${requestId}`).digest('hex').slice(0, HEX_DIGITS);
}
