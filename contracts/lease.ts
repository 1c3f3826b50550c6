/** Requests and answers of a holder about its lease, and of whoever asks for one. */
import { z } from 'zod';
import { holderIdSchema, labelSchema, messageIdSchema, resendIdSchema } from './ids';
import { agentCheckpointSchema, receiptSchema } from './receipt';
import { workSchema } from './task';

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
  checkpoint: agentCheckpointSchema.optional(),
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
  checkpoint: agentCheckpointSchema.optional(),
  message_id: resendIdSchema,
});

/** In bytes, of one call. */
export const LOG_CHUNK_MAX_BYTES = 1_048_576;
export const appendLogSchema = z.strictObject({
  offset: z.coerce
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .describe('Where the body belongs in the output of the attempt, in bytes'),
  epoch: z.coerce
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Epoch of the lease; a lease token knows its own'),
  agent_id: actingForSchema,
});
export const logAppendedSchema = z.object({
  next_offset: z.number().int().describe('How many bytes are there now: where the next chunk begins'),
});
