import { hostname, platform } from 'node:os';
import { resolve } from 'node:path';
import { allTemplates } from '../activities/agent-cli/templates';
import type { HostDeps } from '../activities/ssh/host';
import { type PromptConfig, promptConfigSchema } from '../contracts/prompt';
import type { Template } from '../contracts/template';
import { detectCapabilities, thisMachine } from './capabilities';
import type { AgentLogger } from './logger';

/** Times in milliseconds. */
export interface AgentOptions {
  /** Where Signalbox answers, such as `http://127.0.0.1:3001`. */
  url: string;
  /** Speaks for this agent alone: `POST /api/v1/tokens`. */
  token: string;
  /** Default: the name of the machine. */
  agentId?: string;
  /** What is found on this machine is added unless `detect` is false; `agent:*` labels are given here. */
  capabilities?: string[];
  detect?: boolean;
  /** Attempts at one time; default 1. */
  slots?: number;
  /** For unfinished attempts, work directories and quarantine; of one agent at a time. */
  stateDir: string;
  version?: string;
  /** Beside the built-in ones, as in the config file. */
  templates?: Record<string, Template>;
  /** For tasks that name none; default `shell`, which runs their body as a script. */
  defaultTemplate?: string;
  prompts?: PromptConfig;
  /** Of the runs: PATH, HOME and the like are passed on. Default: that of this process. */
  environment?: Record<string, string | undefined>;
  logger?: AgentLogger;
  /** Longest wait of the server for a task; at most 50 000. */
  wait_ms?: number;
  /** Of the leases, in seconds; default from the task. */
  lease_s?: number;
  checkpoint_every_ms?: number;
  log_every_ms?: number;
  /** A run that is not followed for this long, because its agent is gone, ends itself. */
  abandon_after_ms?: number;
  kill_grace_ms?: number;
}

export interface Settings {
  url: string;
  token: string;
  agentId: string;
  capabilities: string[];
  slots: number;
  stateDir: string;
  version: string | null;
  templates: Record<string, Template>;
  defaultTemplate: string;
  prompts: PromptConfig;
  environment: Record<string, string | undefined>;
  values: NonNullable<HostDeps['values']>;
  logger: AgentLogger;
  wait_ms: number;
  lease_s: number | null;
  checkpoint_every_ms: number;
  log_every_ms: number;
  abandon_after_ms: number;
  kill_grace_ms: number;
}

const WAIT_MS = 50_000;
const CHECKPOINT_EVERY_MS = 300_000;
const LOG_EVERY_MS = 2_000;
/** Long enough for a restart of the agent, short enough to end what nobody wants any more. */
const ABANDON_AFTER_MS = 600_000;
const KILL_GRACE_MS = 10_000;

/** @throws TemplateError; Error that says which option is wrong */
export function settingsOf(options: AgentOptions): Settings {
  const environment = options.environment ?? process.env;
  const templates = options.templates ?? {};
  const given = options.capabilities ?? [];
  const searchPath = (environment.PATH ?? '').split(':').filter((folder) => folder !== '');
  const detected =
    options.detect === false
      ? []
      : detectCapabilities(allTemplates(templates).values(), thisMachine(searchPath, platform()));
  const slots = options.slots ?? 1;
  if (!Number.isSafeInteger(slots) || slots < 1) throw new Error(`slots: expected 1 or more, got ${slots}`);
  return {
    url: httpUrl(options.url),
    token: options.token,
    agentId: options.agentId ?? idOf(hostname()),
    capabilities: [...new Set([...given, ...detected])],
    slots,
    stateDir: resolve(options.stateDir),
    version: options.version ?? null,
    templates,
    defaultTemplate: options.defaultTemplate ?? 'shell',
    prompts: options.prompts ?? promptConfigSchema.parse({}),
    environment,
    values: { variable: (name) => environment[name] ?? null, home: environment.HOME ?? '/' },
    logger: options.logger ?? SILENT,
    wait_ms: Math.min(options.wait_ms ?? WAIT_MS, WAIT_MS),
    lease_s: options.lease_s ?? null,
    checkpoint_every_ms: options.checkpoint_every_ms ?? CHECKPOINT_EVERY_MS,
    log_every_ms: options.log_every_ms ?? LOG_EVERY_MS,
    abandon_after_ms: options.abandon_after_ms ?? ABANDON_AFTER_MS,
    kill_grace_ms: options.kill_grace_ms ?? KILL_GRACE_MS,
  };
}

function httpUrl(text: string): string {
  if (!/^https?:\/\/[^/]/.test(text))
    throw new Error(`url: expected http://… or https://…, got ${JSON.stringify(text)}`);
  return text;
}

/** As contracts/ids.ts wants it. */
const idOf = (name: string) =>
  name
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64) || 'agent';

const SILENT: AgentLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };
