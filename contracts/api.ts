/** Requests and answers that belong to the REST API alone. */
import { z } from 'zod';
import { agentViewSchema, hostViewSchema } from './holder';
import { holderIdSchema, labelSchema, productSchema, resendIdSchema } from './ids';
import { grantedSchema } from './lease';
import { FINDINGS_MAX, findingSchema, receiptSchema } from './receipt';
import {
  executionModeSchema,
  holderRefSchema,
  taskEventSchema,
  taskStatusSchema,
  taskViewSchema,
} from './task';

export const roleNameSchema = z.enum(['viewer', 'agent', 'coordinator', 'admin']);
export type RoleName = z.infer<typeof roleNameSchema>;

export const assignSchema = z.strictObject({
  agent_id: holderIdSchema.describe('An agent or a host: they share one name space'),
  reason: z.string().max(1_024).optional(),
});

export const reviewSchema = z.strictObject({
  verdict: z.enum(['approved', 'rejected']),
  findings: z.array(findingSchema).max(FINDINGS_MAX).default([]),
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

export const agentsSchema = z.object({ holders: z.array(agentViewSchema) });
export const hostsSchema = z.object({ holders: z.array(hostViewSchema) });
export const admissionOrderSchema = z.strictObject({ reason: z.string().max(1_024).optional() }).nullish();

export const killPendingSchema = z.object({
  id: z.string(),
  pending: z.literal(true).describe('Durable, yet no worker has answered: read the agent later'),
});

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
