import { randomBytes } from 'node:crypto';

/** Sorts by time: 9 characters of milliseconds, then 80 random bits. */
export const newTaskId = (now = Date.now()) =>
  `t-${now.toString(36).padStart(9, '0')}-${BigInt(`0x${randomBytes(10).toString('hex')}`)
    .toString(36)
    .padStart(16, '0')}`;
