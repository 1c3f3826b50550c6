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
/** Messages to a task, which count once however often they are sent. */
const TO_A_TASK = /^(\/api\/v1)?\/tasks\/.+\/(status|release|complete|review|cancel)$/;

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
  /** The test wants to see what is answered while no worker does: 202, and a partial view. */
  pending?: boolean;
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

  /**
   * Again when the process was held up, as it is on a busy machine: nothing was looked at then. And again when a
   * worker was, so that the answer is that of an API without one.
   */
  const call = (method: string, target: string, given: CallOptions = {}): Promise<Answer> => {
    let { body } = given;
    return waitUntil(
      async () => {
        const answer = await callOnce(method, target, { ...given, body });
        if (answer.body?.detail === OVERLOADED) return false;
        if (given.pending || !isPending(method, target, answer)) return answer;
        body = sameAgain(body, answer);
        return false;
      },
      { what: `a whole answer to ${method} ${target}` },
    );
  };

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

/** No worker has said what became of the message, or what an open task is like now. */
function isPending(method: string, target: string, { status, body }: Answer): boolean {
  if (method === 'POST') return status === 202 && TO_A_TASK.test(target);
  // `closedAt` is that of a job of the fleet.
  return method === 'GET' && body?.partial === true && (body.closed_at ?? body.closedAt ?? null) === null;
}

/** With the id that the API gave the message, unless it had one: so the repeat is no second message. */
function sameAgain(body: unknown, { body: told }: Answer): unknown {
  if (typeof body === 'string' || told?.message_id === undefined) return body;
  const given = (body ?? {}) as Record<string, unknown>;
  return given.completion_id === undefined ? { message_id: told.message_id, ...given } : given;
}
