import { createHash } from 'node:crypto';

/** 16 hex digits that name these texts: as part of a message id, which is short. */
export const shortDigest = (...texts: string[]) =>
  createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);

/** Names the content of a change. */
export const diffDigest = (diff: string) => createHash('sha256').update(diff).digest('hex');
