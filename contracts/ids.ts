import { z } from 'zod';

/**
 * Words that follow a task id in a path. A task id must not end in one as its last segment,
 * or `/tasks/org/complete` could be read in two ways.
 */
export const RESERVED_SEGMENTS = [
  'dequeue',
  'events',
  'output',
  'logs',
  'heartbeat',
  'status',
  'complete',
  'release',
  'assign',
  'review',
  'cancel',
  'retry',
] as const;

const reserved = new Set<string>(RESERVED_SEGMENTS);

/** 140 keeps `quarantine/<task>/<epoch>/<completion id>` within 255 bytes, the most that Temporal takes as a workflow id on SQL. */
export const TASK_ID_MAX = 140;

export const taskIdSchema = z
  .string()
  .min(1)
  .max(TASK_ID_MAX)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._#@:+-]*(\/[A-Za-z0-9][A-Za-z0-9._#@:+-]*)*$/,
    'expected segments of letters, digits and ._#@:+- separated by single slashes, such as org/repo#42',
  )
  .refine((id) => !reserved.has(id.split('/').at(-1) ?? ''), {
    error: `the last segment must not be one of: ${RESERVED_SEGMENTS.join(', ')}`,
  })
  .describe('Chosen by the caller (`org/repo#42`) or generated');

/** One name space for agents and hosts, because `assign` takes either. */
export const holderIdSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected letters, digits, dot, dash or underscore')
  .describe('Id of an agent or a host');

/** Ids that callers make up so that a repeat can be told from a new message. */
export const messageIdSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9._:-]+$/, 'expected letters, digits, dot, colon, dash or underscore');

export const labelSchema = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._:/+@#-]*$/, 'expected a label such as agent:code');

export const productSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected letters, digits, dot, dash or underscore')
  .describe('Tenant: one product never sees the tasks of another');

/** Of a message that its sender may have to send again. */
export const resendIdSchema = messageIdSchema
  .optional()
  .describe('Send it again with a repeat of the same message');
