import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import { DirectoryBlobStore } from '../../activities/blobs/directory-store';
import { startApi } from '../../api/server';
import { configSchema } from '../../contracts/config';
import { resolveWebhooks } from '../../workers/config/sources';
import type { RoleDeps, TemporalAddress } from '../../workers/role';
import { waitUntil } from './wait-until';

export const ADMIN_TOKEN = 'admin-token-for-tests';
/** In api/hardening.ts. */
const OVERLOADED = 'this server is overloaded';

export interface Answer {
  status: number;
  // The tests say what they expect in it.
  // biome-ignore lint/suspicious/noExplicitAny: an answer is JSON of any shape
  body: any;
  headers: Headers;
}

export interface CallOptions {
  /** null: no token. */
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export type TestApi = Awaited<ReturnType<typeof startTestApi>>;

/** The real API on a free port, with directories and secrets of its own. */
export async function startTestApi(
  temporal: TemporalAddress,
  options: {
    config?: Record<string, unknown>;
    /** Where the config finds the secrets that it names. */
    variables?: Record<string, string>;
    logger?: Logger;
    signingKey?: Uint8Array;
    port?: number;
    /** Of a process with which this one shares its state. */
    blobs?: DirectoryBlobStore;
  } = {},
) {
  const path = mkdtempSync(join(tmpdir(), 'signalbox-api-'));
  const signingKey = options.signingKey ?? randomBytes(32);
  const blobs = options.blobs ?? new DirectoryBlobStore(join(path, 'blobs'));
  const environment = {
    port: options.port ?? 0,
    host: '127.0.0.1',
    home: path,
    variable: (name: string) => options.variables?.[name] ?? null,
  } as RoleDeps['environment'];
  const config = configSchema.parse({ hosts: {}, ...options.config });
  const api = await startApi({
    environment,
    config,
    webhooks: resolveWebhooks(config, environment),
    stateDir: { path, adminTokenFile: null, adminToken: ADMIN_TOKEN, signingKey },
    temporal,
    logger: options.logger ?? pino({ level: 'silent' }),
    blobs,
    rateLimit: null,
  });

  async function callOnce(method: string, target: string, given: CallOptions): Promise<Answer> {
    const { token = ADMIN_TOKEN, body, headers } = given;
    const response = await fetch(`${api.url}${target.startsWith('/api') ? '' : '/api/v1'}${target}`, {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      signal: given.signal,
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
  }

  /** Again when the process was held up, as it is on a busy machine: nothing was looked at then. */
  const call = (method: string, target: string, given: CallOptions = {}): Promise<Answer> =>
    waitUntil(
      async () => {
        const answer = await callOnce(method, target, given);
        return answer.body?.detail !== OVERLOADED && answer;
      },
      { what: 'a server that is not overloaded' },
    );

  return {
    url: api.url,
    blobs,
    signingKey,
    call,
    get: (target: string, options?: CallOptions) => call('GET', target, options),
    post: (target: string, body?: unknown, options?: CallOptions) =>
      call('POST', target, { ...options, body }),
    /** A token of this agent. */
    tokenFor: async (agent_id: string, more: Record<string, unknown> = {}): Promise<string> =>
      (await call('POST', '/tokens', { body: { agent_id, ...more } })).body.token,
    async stop() {
      await api.stop();
      rmSync(path, { recursive: true, force: true });
    },
  };
}
