/** How a host is reached over SSH, as the config file says it. Secrets are named here, never written. */
import { z } from 'zod';

/** A path on the machine of the host worker. */
const pathSchema = z.string().regex(/^(\/|~\/)/, 'expected a path that begins with / or ~/');

const fingerprintSchema = z
  .string()
  .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'expected a fingerprint such as SHA256:… with 43 characters');

/** One machine on the way. */
const hopFields = {
  address: z
    .string()
    .regex(
      /^([A-Za-z0-9._-]{1,253}|(?=.*:.*:)[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._-]{1,32})?)$/,
      'expected a host name or an IP address, without a port',
    )
    .describe('Host name or IP address; also what is looked up in known_hosts'),
  port: z.number().int().min(1).max(65_535).default(22),
  user: z.string().regex(/^[^\s:]{1,64}$/, 'expected the name of a user'),
  identity_file: pathSchema.optional().describe('Private key, without a passphrase'),
  agent: z
    .union([z.literal(true), pathSchema])
    .optional()
    .describe('`true`: the agent of SSH_AUTH_SOCK; or the path of its socket'),
  password_file: pathSchema.optional().describe('File that holds the password'),
  password_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
    .optional()
    .describe('Environment variable of the host worker that holds the password'),
  known_hosts: pathSchema.default('~/.ssh/known_hosts'),
  host_key_fingerprint: z
    .union([fingerprintSchema, z.array(fingerprintSchema).min(1).max(8)], {
      error: 'expected a fingerprint such as SHA256:… with 43 characters, or a list of them',
    })
    .optional()
    .describe('Accepts these keys and no other; known_hosts is not read then'),
};

export const sshHopSchema = z.strictObject(hopFields);
export type SshHopConfig = z.infer<typeof sshHopSchema>;

/** What a host with `transport: ssh` has besides the fields of every host. */
export const sshFields = {
  ...hopFields,
  jump: sshHopSchema.optional().describe('A machine to connect through'),
  connect_timeout_ms: z.number().int().min(100).max(300_000).default(10_000),
  keepalive_ms: z
    .number()
    .int()
    .min(100)
    .max(300_000)
    .default(15_000)
    .describe('After three of these without an answer the connection is given up'),
};
