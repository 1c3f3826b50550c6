import { z } from 'zod';

export const artifactsSchema = z.strictObject({
  changed_files: z.array(z.string().min(1).max(1024)).max(2000).optional(),
  branch: z.string().max(255).optional(),
  commit: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/, 'expected a git object name in lower-case hex')
    .optional(),
  pr_url: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .optional(),
});

export const usageSchema = z.strictObject({
  model: z.string().max(200).optional(),
  input_tokens: z.number().int().nonnegative().optional(),
  output_tokens: z.number().int().nonnegative().optional(),
  cost_usd: z.number().nonnegative().optional(),
  session_id: z.string().max(200).optional(),
});

/** How much of the end of an output a receipt carries, in bytes. */
export const OUTPUT_TAIL_BYTES = 32_768;

/** What an attempt hands in. `summary` is kept short; large text belongs in the output. */
export const receiptSchema = z.strictObject({
  status: z.enum(['completed', 'failed']),
  summary: z.string().max(16_384).describe('What was done, or why it failed; at most 16 384 characters'),
  artifacts: artifactsSchema.default({}),
  duration_ms: z.number().int().nonnegative().default(0),
  usage: usageSchema.optional(),
  output_ref: z.string().max(200).optional().describe('Blob with the whole output'),
  warnings: z
    .array(z.string().max(64))
    .max(20)
    .optional()
    .describe('Codes of what was odd and did not count, such as nonzero_exit after a successful end'),
  output_tail: z
    .string()
    .max(OUTPUT_TAIL_BYTES)
    .optional()
    .describe('The last 32 KiB of the output, less a character that this would cut in two'),
});

export type Artifacts = z.infer<typeof artifactsSchema>;
export type Receipt = z.infer<typeof receiptSchema>;

export const checkpointSchema = z.strictObject({
  branch: z.string().max(255).optional(),
  commit: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/)
    .optional(),
  session_id: z.string().max(200).optional().describe("The CLI's own name for the conversation"),
  session_at: z
    .string()
    .max(200)
    .optional()
    .describe('Host and template, as `build-1/codex-cli`, where the session can be gone on with'),
});

/** Where a later attempt, by whoever gets the task, may go on. */
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** An agent may send back what it was given, but it opens no session on a host. */
export const agentCheckpointSchema = checkpointSchema.transform(
  ({ session_at: _, ...checkpoint }): Checkpoint => checkpoint,
);

export const findingSchema = z.strictObject({
  file: z.string().max(1024).optional(),
  line: z.number().int().positive().optional(),
  message: z.string().min(1).max(4096),
  severity: z.enum(['info', 'minor', 'major', 'critical']).optional(),
});

/** Of one review. */
export const FINDINGS_MAX = 200;

/** One point of a review that did not approve. */
export type Finding = z.infer<typeof findingSchema>;
