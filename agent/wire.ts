/** What the agent reads of answers. More fields than these are no fault, so that it gets on with newer servers. */
import { z } from 'zod';
import { workSchema } from '../contracts/task';

export const leaseSchema = z.object({
  /** Speaks for this epoch of this task alone; without it the token of the agent does. */
  token: z.string().optional(),
  epoch: z.number().int(),
  renew_every_s: z.number().positive(),
});
export type Lease = z.infer<typeof leaseSchema>;

export const grantSchema = z.object({ task: workSchema, lease: leaseSchema });
export type Grant = z.infer<typeof grantSchema>;

export const renewalSchema = z.object({
  directive: z.string(),
  // With an order to stop it may be 0, and the order counts.
  renew_every_s: z.number().positive().optional().catch(undefined),
});

export const presenceSchema = z.object({
  directive: z.string().default('continue'),
  presence_s: z.number().positive().default(90),
});

export const quarantinedSchema = z.object({
  quarantine_id: z.string().optional(),
  detail: z.string().optional(),
});

/** The server keeps to this share of a lease between two renewals. */
export const RENEWALS_PER_LEASE = 3;
