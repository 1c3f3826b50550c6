import { z } from 'zod';
import { labelSchema, productSchema, taskIdSchema } from './ids';
import { checkpointSchema, findingSchema, receiptSchema } from './receipt';

export const taskStatusSchema = z.enum([
  'created',
  'assigned',
  'running',
  'review_pending',
  'completed',
  'failed',
  'cancelled',
]);
export type TaskStatus = z.infer<typeof taskStatusSchema>;

export const executionModeSchema = z.enum(['undecided', 'ssh_cli', 'http_pull']);
export type ExecutionMode = z.infer<typeof executionModeSchema>;

/** `host:<id>` or `agent:<id>`. */
export type HolderRef = `host:${string}` | `agent:${string}`;
export const holderRefSchema = z.templateLiteral([z.enum(['host', 'agent']), ':', z.string()]);

// 100 ms is of use in tests only; a year bounds what a typing error can do.
const durationMs = z.number().int().min(100).max(31_536_000_000);

/** All in milliseconds. `null` means no limit. */
export const timeoutsSchema = z.strictObject({
  queue_wait_ms: durationMs.nullable().describe('Longest wait for a holder before the task fails'),
  assign_ms: durationMs.describe('How long an assigned holder has to take the task up'),
  lease_ms: durationMs.describe('A lease that is not renewed for this long expires'),
  run_ms: durationMs.describe('Longest run of one attempt'),
  total_ms: durationMs.nullable().describe('Longest life of the task, from its creation'),
  review_wait_ms: durationMs.nullable().describe('Longest wait for a review verdict'),
});
export type Timeouts = z.infer<typeof timeoutsSchema>;

/** Small text travels inline; text beyond 32 KiB is a blob, named by its hash. */
export const textSchema = z.union([
  z.strictObject({ inline: z.string() }),
  z.strictObject({ ref: z.string(), bytes: z.number().int() }),
]);
export type Text = z.infer<typeof textSchema>;
export const INLINE_TEXT_MAX_BYTES = 32_768;

export const createTaskSchema = z.strictObject({
  id: taskIdSchema.optional(),
  title: z.string().min(1).max(500),
  body: z.string().max(1_048_576).describe('The prompt, or for the `shell` template the script'),
  labels: z.array(labelSchema).max(50).default([]),
  diff: z.string().max(1_048_576).optional().describe('For a review: the change to be judged'),
  affected_files: z
    .array(z.string().min(1).max(1024))
    .max(2000)
    .optional()
    .describe('What the work is expected to touch'),
  repository: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .describe('A path on the host, or a URL that git can clone'),
  template: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('How a host runs the task; default from the config file'),
  execution_mode: executionModeSchema.default('undecided'),
  priority: z.number().int().min(1).max(10).default(5).describe('1 is the highest'),
  max_retries: z.number().int().min(0).max(100).optional(),
  review: z.enum(['none', 'required']).default('none'),
  timeouts: timeoutsSchema.partial().optional(),
  product: productSchema.optional(),
  branch_name: z.string().min(1).max(255).optional(),
  pr_title: z.string().max(500).optional(),
});
export type CreateTask = z.infer<typeof createTaskSchema>;
/** What is known of the change that a task is about. */
export type Change = Pick<CreateTask, 'diff' | 'affected_files'>;

/** How far the holder says it is, in the words of `/api/fleet`; `blocked`: it waits for a person. */
export const runStageSchema = z.enum(['building', 'review', 'testing', 'blocked']);
export type RunStage = z.infer<typeof runStageSchema>;

export const leaseSchema = z.object({
  holder: holderRefSchema,
  epoch: z.number().int(),
  granted_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable().describe('null for a host, whose run is its lease'),
  lapsed: z.boolean().describe('Expired, yet not taken over: the holder may still renew'),
  stage: runStageSchema.optional().describe('Only of holders that report one'),
});

export const failureSchema = z.object({
  code: z.string().describe('Stable, such as exit_code, lease_lost, run_timeout, review_limit'),
  message: z.string(),
});
export type Failure = z.infer<typeof failureSchema>;

export const attemptSchema = z.object({
  epoch: z.number().int(),
  holder: holderRefSchema,
  granted_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
  outcome: z.string().nullable(),
  failure: failureSchema.nullable(),
  output_ref: z.string().nullable(),
});

export const originViewSchema = z.object({
  source: z.string().describe('A forge, as the config file names it'),
  repository: z.string().describe('`owner/name`'),
  issue: z.number().int(),
  url: z.string(),
});

export const pullViewSchema = z.object({
  number: z.number().int(),
  url: z.string(),
  state: z.enum(['open', 'merged', 'closed']),
  approved: z.boolean().describe('Since the last push: the task is completed by the merge'),
});

export const taskViewSchema = z.object({
  id: z.string(),
  title: z.string(),
  labels: z.array(z.string()),
  repository: z.string().nullable(),
  template: z.string().nullable(),
  product: z.string(),
  priority: z.number().int(),
  execution_mode: executionModeSchema,
  status: taskStatusSchema,
  reason: failureSchema
    .nullable()
    .describe('Why the task failed or was cancelled, or why the last attempt did'),
  assigned_host: z.string().nullable(),
  assigned_agent_id: z.string().nullable(),
  branch_name: z.string(),
  pr_title: z.string().nullable(),
  pr_url: z.string().nullable().describe('As the forge told it, else as the receipt says'),
  review: z.enum(['none', 'required']),
  review_count: z.number().int(),
  retry_count: z.number().int(),
  max_retries: z.number().int(),
  epoch: z.number().int(),
  lease: leaseSchema.nullable(),
  receipt: receiptSchema.extend({ manual: z.boolean() }).nullable(),
  checkpoint: checkpointSchema.nullable(),
  findings: z.array(findingSchema),
  attempts: z.array(attemptSchema),
  timeouts: timeoutsSchema,
  not_before: z.iso.datetime().nullable().describe('Back-off: not claimable before'),
  created_at: z.iso.datetime(),
  last_activity_at: z.iso.datetime(),
  closed_at: z.iso.datetime().nullable(),
  origin: originViewSchema.optional().describe('Only of a task that came from a forge'),
  pull: pullViewSchema.optional().describe('As the forge told it last'),
  not_by: z.array(holderRefSchema).optional().describe('They wrote what the task is to review'),
});
/** The task as the API shows it. */
export type TaskView = z.infer<typeof taskViewSchema>;

export const taskEventSchema = z.object({
  at: z.iso.datetime(),
  type: z.string(),
  epoch: z.number().int(),
  message: z.string(),
});
export type TaskEvent = z.infer<typeof taskEventSchema>;

/** What a holder gets to work on. */
export const workSchema = z.object({
  id: z.string(),
  title: z.string(),
  body: z.string(),
  diff: z.string().nullable(),
  affected_files: z.array(z.string()),
  labels: z.array(z.string()),
  repository: z.string().nullable(),
  branch_name: z.string(),
  template: z.string().nullable(),
  priority: z.number().int(),
  product: z.string(),
  attempt: z.number().int(),
  checkpoint: checkpointSchema.nullable(),
  findings: z.array(findingSchema),
  run_timeout_ms: z.number().int(),
});
export type Work = z.infer<typeof workSchema>;
