import { z } from 'zod';
import { sourceNameSchema, sourceSchema } from './forge';
import { holderIdSchema, labelSchema } from './ids';
import { promptConfigSchema } from './prompt';
import { sshFields } from './ssh';
import { timeoutsSchema } from './task';
import { environmentSchema, templateSchema } from './template';

const hostFields = {
  capabilities: z.array(labelSchema).min(1),
  slots: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('Runs at one time; default: the cores of this machine for `local`, 4 for `ssh`'),
  work_root: z.string().min(1).optional().describe('Where work directories are made'),
  run_root: z.string().min(1).optional().describe('Run directories; default $HOME/.signalbox/runs'),
  env: environmentSchema.optional().describe('For every run on this host; a template may say otherwise'),
};

const TRANSPORTS = ['local', 'ssh'];

export const hostSchema = z.preprocess(
  (value) =>
    typeof value === 'object' && value !== null && !('transport' in value)
      ? { transport: 'local', ...value }
      : value,
  z.discriminatedUnion(
    'transport',
    [
      z.strictObject({ transport: z.literal('local'), ...hostFields }),
      z.strictObject({ transport: z.literal('ssh'), ...hostFields, ...sshFields }),
    ],
    {
      error: (issue) =>
        issue.code === 'invalid_union' ? `expected one of ${TRANSPORTS.join(', ')}` : undefined,
    },
  ),
);
export type HostConfig = z.infer<typeof hostSchema>;
export type SshHostConfig = Extract<HostConfig, { transport: 'ssh' }>;

export const configSchema = z.strictObject({
  hosts: z.record(holderIdSchema, hostSchema).default({}),
  forges: z
    .record(sourceNameSchema, sourceSchema)
    .default({})
    .describe('By the name that is in the URL of their webhooks'),
  public_url: z
    .url({ protocol: /^https?$/ })
    .max(1024)
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe('Where people reach this server: for the links in what forges are told'),
  templates: z.record(z.string().min(1).max(64), templateSchema).default({}),
  default_template: z.string().default('shell'),
  prompts: promptConfigSchema.prefault({}),
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
  fleet: z
    .strictObject({
      lease_ms: z.number().int().min(100).max(86_400_000).default(900_000),
      presence_ms: z.number().int().min(500).default(900_000),
    })
    .prefault({})
    .describe('For agents that come by /api/fleet: they renew every 300 s'),
  probe_ms: z
    .number()
    .int()
    .min(100)
    .max(5_000)
    .default(4_000)
    .describe('Between two looks at a host; one that three looks in a row have not reached is offline'),
  keep_runs_ms: z
    .number()
    .int()
    .min(1_000)
    .default(604_800_000)
    .describe('How long the directory of a run is kept on its host after its end'),
});
export type Config = z.infer<typeof configSchema>;
