import { z } from 'zod';
import { FINDINGS_MAX, findingSchema } from './receipt';

/** What a review task hands in; `POST /tasks/{id}/review` takes the same three fields. */
export const reviewResultSchema = z.strictObject({
  verdict: z.enum(['approved', 'rejected']),
  findings: z.array(findingSchema).max(FINDINGS_MAX),
  confidence: z.number().min(0).max(1).describe('How sure the reviewer is of the verdict, 0 to 1'),
});

/** The same, for programs that take a JSON schema (draft 2020-12), and for prompts. */
export const reviewResultJsonSchema = z.toJSONSchema(reviewResultSchema);
