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
