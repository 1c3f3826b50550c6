import { z } from 'zod';

export const TAGS = ['fleet'];

/** No schema of ids here: an id that cannot be one is of no job, 404. */
export const jobParams = z.object({
  id: z.string().describe('Id of the task, percent-encoded: `org%2Frepo%2342`'),
});
