/** Pieces of the OpenAPI description that many routes share. */
import { z } from 'zod';
import { problemSchema } from '../contracts/api';
import { taskIdSchema } from '../contracts/ids';

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
});

export const PROBLEMS = {
  '4xx': problem('Refused: problem details with a stable `code`'),
  '5xx': problem('Not served, 503 with Retry-After: the engine or the workers are away'),
};

export const taskParams = z.object({
  id: taskIdSchema.describe(
    'Task id, percent-encoded or with raw slashes: `org%2Frepo%2342`, `org/repo%2342`',
  ),
});
