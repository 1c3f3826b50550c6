import { z } from 'zod';
import { holderIdSchema, labelSchema } from './ids';

export const holderKindSchema = z.enum(['host', 'agent']);
export type HolderKind = z.infer<typeof holderKindSchema>;

export const agentHealthSchema = z.enum(['ok', 'degraded', 'unhealthy']);
export type AgentHealth = z.infer<typeof agentHealthSchema>;
const said = {
  health: agentHealthSchema.optional().describe('For people: it decides nothing'),
  load: z.number().min(0).max(1).optional().describe('0: idle, 1: as busy as it can be; for people'),
};

export const registerAgentSchema = z.strictObject({
  agent_id: holderIdSchema,
  capabilities: z.array(labelSchema).max(50).default([]),
  slots: z.number().int().min(1).max(1000).default(1),
  version: z.string().max(100).optional(),
  ...said,
});

export const agentHeartbeatSchema = z
  .strictObject({ ...said, capabilities: z.array(labelSchema).max(50).optional() })
  .nullish();
export const agentHeartbeatAnswerSchema = z.object({
  directive: z
    .enum(['continue', 'quiet', 'terminate'])
    .describe('`quiet`: finish what you have and take no more; `terminate`: stop all of it'),
  presence_s: z.number().describe('Unheard of for this long, the agent is offline; in seconds'),
});

export const holderViewSchema = z.object({
  id: z.string(),
  kind: holderKindSchema,
  capabilities: z.array(z.string()),
  slots: z.number().int(),
  version: z.string().nullable(),
  presence: z.enum(['online', 'offline']),
  registered_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime().nullable(),
  product: z.string().nullable(),
  generation: z.number().int().describe('Tokens of an older generation are refused'),
  holds: z.array(z.object({ task_id: z.string(), status: z.string() })),
});
export type HolderView = z.infer<typeof holderViewSchema>;

export const templateHealthSchema = z.object({
  available: z.boolean(),
  version: z.string().nullable(),
  reason: z.string().nullable().describe('Why it is not available'),
});
/** Whether a template can run on a host now. */
export type TemplateHealth = z.infer<typeof templateHealthSchema>;

/** `drained`: draining, and nothing runs there any more. `killed` is of agents only. */
export const admissionSchema = z.enum(['open', 'cordoned', 'draining', 'drained', 'killed']);
export type Admission = z.infer<typeof admissionSchema>;

export const agentViewSchema = holderViewSchema.extend({
  health: agentHealthSchema.nullable().describe('As the agent said last; null: it never did'),
  load: z.number().nullable().describe('As the agent said last, 0 to 1'),
  admission: admissionSchema,
  kill: z
    .object({
      at: z.iso.datetime(),
      by: z.string(),
      reason: z.string().nullable(),
      settled: z.boolean().describe('Nothing sent before the kill can take effect any more'),
      fenced: z
        .array(z.object({ task_id: z.string(), epoch: z.number().int().nullable() }))
        .describe('What was taken from it; epoch null: assigned, and not taken up yet'),
    })
    .nullable()
    .describe('Why it takes nothing, until it is uncordoned'),
});
export type AgentView = z.infer<typeof agentViewSchema>;

export const hostViewSchema = holderViewSchema.extend({
  reachable: z.boolean(),
  failure: z
    .object({ code: z.string(), message: z.string() })
    .nullable()
    .describe('Why the host could not be reached, and what to do about it'),
  os: z.string().nullable(),
  missing: z
    .array(z.string())
    .describe('What the launcher needs and the host lacks; with any, it takes nothing'),
  templates: z
    .record(z.string(), templateHealthSchema)
    .describe('By name; a task waits for one that is available'),
  free_disk_bytes: z.number().nullable().describe('Where runs and work directories go, whichever has less'),
  running: z.number().int().describe('Slots taken'),
  admission: admissionSchema,
  cordoned: z.boolean().describe('Takes nothing new, whether draining or not'),
  last_probe_at: z.iso.datetime().nullable(),
});
export type HostView = z.infer<typeof hostViewSchema>;
