/** The dialect of `/api/fleet`: the same tasks and leases in the words of runners that speak this contract. */
import { z } from 'zod';
import { holderIdSchema, labelSchema, messageIdSchema, productSchema } from './ids';
import { failureSchema } from './task';

export const stageSchema = z.enum([
  'queued',
  'assigned',
  'building',
  'review',
  'testing',
  'shipped',
  'blocked',
  'failed',
  'dead_letter',
]);
export type Stage = z.infer<typeof stageSchema>;

/** Shells send an empty text for what they do not know. */
const optionalText = <T extends z.ZodType>(schema: T) => z.union([schema, z.literal('')]).nullish();

export const wipCheckpointSchema = z.object({
  wipBranch: optionalText(z.string().max(255)),
  wipCommit: optionalText(
    z.string().regex(/^[0-9a-f]{7,64}$/, 'expected a git object name in lower-case hex, or nothing'),
  ),
});
export type WipCheckpoint = z.infer<typeof wipCheckpointSchema>;

const leaseEpochSchema = z
  .number()
  .int()
  .min(1)
  .max(Number.MAX_SAFE_INTEGER)
  .describe('As the claim answered it; an older one is 409 `stale_epoch`');
const actingForSchema = holderIdSchema
  .optional()
  .describe('Whom an admin acts for; default: the holder of the epoch. A factory can only name itself');

export const fleetHeadersSchema = z.object({
  'x-product-id': optionalText(productSchema).describe(
    'Must be that of the token; selects one for a token that has none',
  ),
});

const objectOrText = z.union([z.string().max(256), z.record(z.string().max(64), z.unknown())]);
const capabilitiesSchema = z
  .array(labelSchema)
  .max(50)
  .default([])
  .describe('A job is offered when all of its `agent:*` labels are among them, letter by letter');

export const factoryBeatSchema = z.object({
  factoryId: holderIdSchema,
  capabilities: capabilitiesSchema,
  health: objectOrText.nullish().describe('A word such as `ok` or `degraded`, or an object with `status`'),
  load: z
    .union([z.number(), objectOrText])
    .nullish()
    .describe('From 0 (idle) to 1 (full), or an object with `running` and `slots`'),
});
export type FactoryBeat = z.infer<typeof factoryBeatSchema>;
export const factoryBeatAnswerSchema = z.object({
  claimable: z.number().int().describe('Jobs that a claim with these capabilities might get now'),
});

export const claimJobSchema = z.object({
  factoryId: holderIdSchema,
  capabilities: capabilitiesSchema,
  requestId: messageIdSchema.optional().describe('Beyond the contract: names the claim, see `retry`'),
  retry: z
    .boolean()
    .default(false)
    .describe('Beyond the contract: the answer to this requestId was lost: the same claim again'),
});

const checkpointAnswerSchema = z
  .object({ wipBranch: z.string().optional(), wipCommit: z.string().optional() })
  .nullable()
  .describe('Where an earlier attempt left off');

/** `bodyMd` comes last: simple readers of JSON take the first of a name, and a body may hold anything. */
export const claimedJobSchema = z.object({
  id: z.string(),
  leaseEpoch: z.number().int(),
  leaseExpiresAt: z.iso.datetime(),
  checkpoint: checkpointAnswerSchema,
  bodyMd: z.string(),
});
export type ClaimedJob = z.infer<typeof claimedJobSchema>;

export const reportStageSchema = z.object({
  factoryId: actingForSchema,
  stage: stageSchema,
  checkpoint: wipCheckpointSchema.nullish(),
  leaseEpoch: leaseEpochSchema,
  message: z.string().max(4_096).optional().describe('Beyond the contract: why it failed, or what was done'),
});
export type ReportStage = z.infer<typeof reportStageSchema>;

export const leaseRequestSchema = z.object({
  factoryId: actingForSchema,
  leaseEpoch: leaseEpochSchema,
  checkpoint: wipCheckpointSchema.nullish().describe('Beyond the contract'),
});
export const leaseAnswerSchema = z.object({ leaseEpoch: z.number().int(), leaseExpiresAt: z.iso.datetime() });

export const jobSchema = z.object({
  id: z.string(),
  stage: stageSchema,
  blocked: z.boolean().describe('The holder waits for a person'),
  leaseEpoch: z.number().int().describe('The current one, whether or not it is held'),
  leaseExpiresAt: z.iso.datetime().nullable().describe('null: no factory holds it'),
  factoryId: z.string().nullable().describe('Who holds it, is to take it up, or held it last'),
  title: z.string(),
  capabilities: z.array(z.string()).describe('The `agent:*` labels'),
  priority: z.number().int(),
  productId: z.string(),
  checkpoint: checkpointAnswerSchema,
  reason: failureSchema.nullable(),
  attempts: z.number().int(),
  notBefore: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  closedAt: z.iso.datetime().nullable(),
  partial: z.boolean().optional().describe('No worker answered: read from the index and the history'),
  bodyMd: z.string().optional().describe('For the factory that holds the job alone'),
});
export type Job = z.infer<typeof jobSchema>;

export const jobPendingSchema = z.object({
  id: z.string(),
  pending: z.literal(true).describe('Durable, yet no worker has answered'),
});

export const runsSchema = z.object({
  runs: z.array(
    z.object({
      leaseEpoch: z.number().int(),
      factoryId: z.string(),
      startedAt: z.iso.datetime(),
      endedAt: z.iso.datetime().nullable(),
      outcome: z.string().nullable(),
      failure: failureSchema.nullable(),
    }),
  ),
});

export const jobEventsSchema = z.object({
  events: z.array(
    z.object({ at: z.iso.datetime(), type: z.string(), leaseEpoch: z.number().int(), message: z.string() }),
  ),
});
