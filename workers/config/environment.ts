import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';

/** The environment, parsed once; nothing else in the product reads process.env. */
export interface Environment {
  /** 0 takes any free port. */
  port: number;
  host: string;
  /** Absolute path. */
  stateDir: string;
  adminToken: string | null;
  configPath: string | null;
  temporalCli: string | null;
  /** A Temporal server that is already there; null: run the embedded one. */
  temporalAddress: string | null;
  /** Every TEMPORAL_* variable, for @temporalio/envconfig. */
  temporalVariables: Record<string, string>;
  logLevel: LogLevel;
  home: string;
  /** Where programs are looked up, as in PATH. */
  searchPath: string[];
  /** Of this user, shared by all checkouts; absolute path. */
  cacheDir: string;
  /** Any other variable, for the values that the config file only names; null when it is not set. */
  variable(name: string): string | null;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

// Shorter ones can be guessed over the network.
const ADMIN_TOKEN_MIN = 16;

const variablesSchema = z.object({
  SIGNALBOX_PORT: z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .refine((port) => port <= 65_535)
    .default(3001),
  SIGNALBOX_HOST: z.string().default('127.0.0.1'),
  SIGNALBOX_STATE_DIR: z.string().default('.signalbox'),
  SIGNALBOX_ADMIN_TOKEN: z.string().min(ADMIN_TOKEN_MIN).regex(/^\S+$/).optional(),
  SIGNALBOX_CONFIG: z.string().optional(),
  SIGNALBOX_TEMPORAL_CLI: z.string().optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
});

const EXPECTED: Record<string, string> = {
  SIGNALBOX_PORT: 'a port number from 0 (any free one) to 65535',
  SIGNALBOX_ADMIN_TOKEN: `at least ${ADMIN_TOKEN_MIN} characters without spaces`,
  LOG_LEVEL: `one of ${LOG_LEVELS.join(', ')}`,
};

export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  readonly code = 'bad_environment';
}

/**
 * Reads the environment; an empty variable counts as unset.
 * @throws EnvironmentError that names every bad variable, what came and what was expected
 */
export function readEnvironment(
  variables: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): Environment {
  const set = Object.entries(variables).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const given = Object.fromEntries(set);
  const parsed = variablesSchema.safeParse(given);
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map((issue) => String(issue.path[0])))];
    throw new EnvironmentError(names.map((name) => complaint(name, given[name])).join('\n'));
  }
  const home = given.HOME ?? homedir();
  return {
    port: parsed.data.SIGNALBOX_PORT,
    host: parsed.data.SIGNALBOX_HOST,
    stateDir: resolve(parsed.data.SIGNALBOX_STATE_DIR),
    adminToken: parsed.data.SIGNALBOX_ADMIN_TOKEN ?? null,
    configPath: parsed.data.SIGNALBOX_CONFIG ?? null,
    temporalCli: parsed.data.SIGNALBOX_TEMPORAL_CLI ?? null,
    temporalAddress: given.TEMPORAL_ADDRESS ?? null,
    temporalVariables: Object.fromEntries(set.filter(([name]) => name.startsWith('TEMPORAL_'))),
    logLevel: parsed.data.LOG_LEVEL,
    home,
    searchPath: (given.PATH ?? '').split(':').filter((folder) => folder !== ''),
    cacheDir: userCacheDir(given.XDG_CACHE_HOME, home, platform),
    variable: (name) => (Object.hasOwn(given, name) ? (given[name] ?? null) : null),
  };
}

function userCacheDir(xdg: string | undefined, home: string, platform: NodeJS.Platform): string {
  if (xdg?.startsWith('/')) return xdg;
  return platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache');
}

function complaint(name: string, value: string | undefined): string {
  const got = name.endsWith('_TOKEN') ? `${value?.length ?? 0} characters` : JSON.stringify(value);
  return `${name}: expected ${EXPECTED[name] ?? 'a value'}, got ${got}`;
}
