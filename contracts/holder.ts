import { z } from 'zod';
import { holderIdSchema, labelSchema } from './ids';

export const holderKindSchema = z.enum(['host', 'agent']);
export type HolderKind = z.infer<typeof holderKindSchema>;

export const registerAgentSchema = z.strictObject({
  agent_id: holderIdSchema,
  capabilities: z.array(labelSchema).max(50).default([]),
  slots: z.number().int().min(1).max(1000).default(1),
  version: z.string().max(100).optional(),
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

/** `drained`: draining, and nothing runs there any more. */
export const admissionSchema = z.enum(['open', 'cordoned', 'draining', 'drained']);
export type Admission = z.infer<typeof admissionSchema>;

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
