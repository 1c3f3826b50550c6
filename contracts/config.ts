import { z } from 'zod';
import { holderIdSchema, labelSchema } from './ids';
import { timeoutsSchema } from './task';

/** How a host runs a task: an argument vector, never a line for a shell. */
export const templateSchema = z.strictObject({
  argv: z
    .array(z.string().min(1))
    .min(1)
    .describe('Program and arguments; {prompt} {work_dir} {task_id} {branch} are replaced inside each'),
  output: z
    .enum(['text', 'json'])
    .default('text')
    .describe('`json`: standard output is one receipt; `text`: exit code and output make the receipt'),
});
export type Template = z.infer<typeof templateSchema>;

export const hostSchema = z.strictObject({
  transport: z.enum(['local']).default('local'),
  capabilities: z.array(labelSchema).min(1),
  slots: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('Runs at one time; default: cores of this machine'),
  work_root: z.string().min(1).optional().describe('Where work directories are made'),
  run_root: z.string().min(1).optional().describe('Run directories; default $HOME/.signalbox/runs'),
});
export type HostConfig = z.infer<typeof hostSchema>;

export const configSchema = z.strictObject({
  hosts: z.record(holderIdSchema, hostSchema).default({}),
  templates: z.record(z.string().min(1).max(64), templateSchema).default({}),
  default_template: z.string().default('shell'),
  default_max_retries: z.number().int().min(0).max(100).default(2),
  default_timeouts: timeoutsSchema.partial().default({}),
  backoff: z
    .strictObject({
      initial_ms: z.number().int().min(0).default(1_000),
      max_ms: z.number().int().min(0).default(300_000),
    })
    .prefault({}),
  host_lost_after_ms: z.number().int().min(500).default(300_000),
  kill_grace_ms: z.number().int().min(50).default(10_000),
  presence_ms: z
    .number()
    .int()
    .min(500)
    .default(60_000)
    .describe('A holder not heard of for this long is offline'),
});
export type Config = z.infer<typeof configSchema>;
