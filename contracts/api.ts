/** Requests and answers that belong to the REST API alone. */
import { z } from 'zod';
import { holderViewSchema, hostViewSchema } from './holder';
import { holderIdSchema, labelSchema, messageIdSchema, productSchema } from './ids';
import { checkpointSchema, findingSchema, receiptSchema } from './receipt';
import {
  executionModeSchema,
  holderRefSchema,
  taskEventSchema,
  taskStatusSchema,
  taskViewSchema,
  workSchema,
} from './task';

export const roleNameSchema = z.enum(['viewer', 'agent', 'coordinator', 'admin']);
export type RoleName = z.infer<typeof roleNameSchema>;

const epochSchema = z
  .number()
  .int()
  .min(1)
  .max(Number.MAX_SAFE_INTEGER)
  .optional()
  .describe('Epoch of the lease that the message is about; a lease token knows its own');
const actingForSchema = holderIdSchema
  .optional()
  .describe('Whom an admin acts for; an agent can only name itself');
const resendIdSchema = messageIdSchema.optional().describe('Send it again with a repeat of the same message');

export const dequeueSchema = z.strictObject({
  agent_id: holderIdSchema,
  capabilities: z
    .array(labelSchema)
    .max(50)
    .optional()
    .describe('Default: the registered ones. Tasks all of whose agent:* labels are among them are offered'),
  wait_ms: z.number().int().min(0).max(50_000).default(0).describe('How long to wait for a task, in ms'),
  lease_s: z
    .number()
    .min(0.5)
    .max(86_400)
    .optional()
    .describe('Lease length in seconds; default from the task'),
  max_tasks: z
    .number()
    .int()
    .min(1)
    .max(20)
    .default(1)
    .describe('Only the first is waited for; more are taken if they are there'),
  request_id: messageIdSchema.optional(),
  retry: z.boolean().default(false).describe('The answer to this request_id was lost: the same claims again'),
});

export const leaseGrantSchema = z.object({
  token: z
    .string()
    .describe('Bearer token for heartbeat, status, complete and release of this task under this epoch'),
  epoch: z.number().int(),
  expires_at: z.iso.datetime(),
  renew_every_s: z.number().describe('Send a heartbeat at least this often, in seconds'),
});
export const grantedSchema = z.object({ task: workSchema, lease: leaseGrantSchema });
export type Dequeued = z.infer<typeof grantedSchema>;
export const dequeuedSchema = grantedSchema.extend({
  more: z.array(grantedSchema).describe('Empty unless max_tasks asks for more than one'),
});

export const directiveSchema = z
  .enum(['continue', 'quiet', 'terminate'])
  .describe('`quiet`: go on, but take no more tasks. `terminate`: the lease is revoked, stop working');
export type Directive = z.infer<typeof directiveSchema>;

export const heartbeatSchema = z.strictObject({
  agent_id: actingForSchema,
  epoch: epochSchema,
  progress: z.string().max(1_024).optional(),
  checkpoint: checkpointSchema.optional(),
});
export const heartbeatAnswerSchema = z.object({
  expires_at: z.iso.datetime(),
  renew_every_s: z.number().describe('Send a heartbeat at least this often, in seconds'),
  directive: directiveSchema,
});
export type HeartbeatAnswer = z.infer<typeof heartbeatAnswerSchema>;

export const statusReportSchema = z.strictObject({
  agent_id: actingForSchema,
  epoch: epochSchema,
  status: z.enum(['running', 'failed']),
  message: z.string().max(4_096).optional(),
  message_id: resendIdSchema,
});

/** Names of outputs on hosts can be guessed, hashes cannot: nobody reads the output of others by a receipt. */
const handedInSchema = receiptSchema.extend({
  output_ref: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 hex digits')
    .optional()
    .describe('Blob with the whole output'),
});

const nextSchema = dequeueSchema.pick({
  capabilities: true,
  wait_ms: true,
  lease_s: true,
  request_id: true,
  retry: true,
});
export type Next = z.infer<typeof nextSchema>;

export const completeSchema = z.strictObject({
  agent_id: actingForSchema,
  epoch: epochSchema,
  receipt: handedInSchema,
  completion_id: messageIdSchema.describe('A repeat with the same id gets the first answer again'),
  next: nextSchema.optional().describe('Take the next task with the same call, as dequeue would'),
});

export const releaseSchema = z.strictObject({
  agent_id: actingForSchema,
  epoch: epochSchema,
  checkpoint: checkpointSchema.optional(),
  message_id: resendIdSchema,
});

export const assignSchema = z.strictObject({
  agent_id: holderIdSchema.describe('An agent or a host: they share one name space'),
  reason: z.string().max(1_024).optional(),
});

export const reviewSchema = z.strictObject({
  verdict: z.enum(['approved', 'rejected']),
  findings: z.array(findingSchema).max(200).default([]),
  confidence: z.number().min(0).max(1).optional(),
  message_id: resendIdSchema,
});

export const cancelSchema = z
  .strictObject({ reason: z.string().max(1_024).optional(), message_id: resendIdSchema })
  .nullish();
export const retrySchema = z.strictObject({}).nullish();
export const noBodySchema = z.strictObject({}).nullish();

/** `partial`: no worker answered, so this was read from the index and from the history. */
export const taskAnswerSchema = taskViewSchema.extend({ partial: z.boolean().optional() });
export type TaskAnswer = z.infer<typeof taskAnswerSchema>;

export const completedSchema = taskAnswerSchema.extend({
  next: grantedSchema
    .nullable()
    .optional()
    .describe('There if it was asked for; null when there is nothing to do, or it could not be taken'),
});

export const pendingSchema = z.object({
  id: z.string(),
  pending: z.literal(true).describe('Durable, yet no worker has answered: read the task later'),
  message_id: z.string(),
});

export const listTasksSchema = z.strictObject({
  status: taskStatusSchema.optional(),
  mode: executionModeSchema.optional(),
  label: labelSchema.optional(),
  holder: z
    .union([holderIdSchema, z.templateLiteral([z.enum(['host', 'agent']), ':', holderIdSchema])])
    .optional()
    .describe('`host:<id>`, `agent:<id>`, or the id of either'),
  product: productSchema.optional(),
  page_size: z.coerce.number().int().min(1).max(200).default(50),
  page_token: z.string().max(4_096).optional(),
});
export type ListTasks = z.infer<typeof listTasksSchema>;

/** What the index knows: it trails the truth by some milliseconds and holds no titles. */
export const taskItemSchema = z.object({
  id: z.string(),
  status: taskStatusSchema,
  execution_mode: executionModeSchema,
  labels: z.array(z.string()),
  holder: holderRefSchema.nullable(),
  repository: z.string().nullable(),
  product: z.string(),
  priority: z.number().int(),
  created_at: z.iso.datetime(),
  closed_at: z.iso.datetime().nullable(),
});
export type TaskItem = z.infer<typeof taskItemSchema>;

export const taskPageSchema = z.object({
  tasks: z.array(taskItemSchema),
  next_page_token: z.string().nullable(),
});
export const eventsSchema = z.object({ events: z.array(taskEventSchema) });

export const pageSchema = z.strictObject({
  page_size: z.coerce.number().int().min(1).max(200).default(50),
  page_token: z.string().max(4_096).optional(),
});

export const quarantineItemSchema = z.object({
  id: z.string(),
  task_id: z.string(),
  product: z.string(),
  epoch: z.number().int(),
  current_epoch: z.number().int(),
  completion_id: z.string(),
  holder: z.string(),
  reason: z.enum(['stale_epoch', 'closed', 'not_holder']),
  receipt: receiptSchema,
  received_at: z.iso.datetime(),
  decision: z.enum(['open', 'accepted', 'discarded']),
  decided_by: z.string().nullable(),
  decided_at: z.iso.datetime().nullable(),
});
export type QuarantineAnswer = z.infer<typeof quarantineItemSchema>;
export const quarantineDecisionSchema = quarantineItemSchema.extend({
  adopted: z
    .boolean()
    .nullable()
    .describe('The receipt is now that of its task, as if entered by hand; null: no worker could say'),
});
export const quarantinePageSchema = z.object({
  items: z.array(quarantineItemSchema),
  next_page_token: z.string().nullable(),
});

export const holdersSchema = z.object({ holders: z.array(holderViewSchema) });
export const hostsSchema = z.object({ holders: z.array(hostViewSchema) });
export const admissionOrderSchema = z.strictObject({ reason: z.string().max(1_024).optional() }).nullish();

export const issueTokenSchema = z.strictObject({
  agent_id: holderIdSchema.describe('Whom the token speaks for'),
  role: roleNameSchema.default('agent'),
  product: productSchema.optional().describe('The token sees and touches only the tasks of this product'),
});
export const issuedTokenSchema = z.object({
  token: z.string().describe('Shown once: it is not kept'),
  agent_id: z.string(),
  role: roleNameSchema,
  product: z.string().nullable(),
  generation: z.number().int(),
});

export const fieldErrorSchema = z.object({
  field: z.string(),
  got: z.string().describe('The kind of value that came, never the value of a text'),
  expected: z.string(),
});
export type FieldError = z.infer<typeof fieldErrorSchema>;

/** RFC 9457. `code` is stable; `detail` is for people. */
export const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string(),
  errors: z.array(fieldErrorSchema).optional(),
});
export type Problem = z.infer<typeof problemSchema>;
