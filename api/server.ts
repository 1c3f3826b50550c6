/** The API as a role: listens, and lets go of all it holds when it stops. Stateless: run as many as wanted. */
import { setMaxListeners } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { BlobStore } from '../contracts/blobs';
import { createBoard } from '../dispatch/board';
import type { BoardShare } from '../dispatch/board-share';
import { createClaims } from '../dispatch/claim';
import { createDirectory } from '../dispatch/directory';
import { createReachability } from '../dispatch/reachability';
import { createVisibilityBudget } from '../dispatch/visibility-budget';
import { createWarmNext } from '../dispatch/warm-next';
import type { WebhookSource } from '../workers/config/sources';
import type { Role, RoleDeps } from '../workers/role';
import { admittedClaims } from './admitted-claims';
import { buildApp } from './app';
import { openClients } from './connections';
import type { ApiContext } from './context';
import { RATE_LIMIT, type RateLimit } from './hardening';
import { createHolds } from './holds';
import { createLeaseMemory } from './lease-memory';
import { createPageTokens } from './page-token';
import { createTokens } from './tokens';
import { createPages } from './visibility-page';

export interface ApiDeps extends Omit<RoleDeps, 'bundlePath'> {
  blobs: BlobStore;
  /** With their secrets. */
  webhooks: ReadonlyMap<string, WebhookSource>;
  /** Default: generous. null: none. */
  rateLimit?: RateLimit | null;
  /** Of the process; without it the API makes its own. */
  share?: BoardShare;
}

export interface Api extends Role {
  /** Base of the server, without a path. */
  url: string;
}

/** Between two looks for connections that nobody uses, in milliseconds, while the server stops. */
const SWEEP_MS = 50;

/** Rejects when the port cannot be had. An engine that is away does not keep it from serving. */
export async function startApi(deps: ApiDeps): Promise<Api> {
  const { environment, config, temporal, stateDir } = deps;
  const logger = deps.logger.child(
    { part: 'api' },
    { redact: ['headers.authorization', '*.headers.authorization'] },
  );
  const reachability = createReachability();
  const clients = openClients(temporal, reachability);
  const budget = deps.share?.budget ?? createVisibilityBudget();
  const closing = new AbortController();
  // One listener for each parked poll.
  setMaxListeners(0, closing.signal);
  const configured = Object.entries(config.hosts).map(([id, { capabilities }]) => ({ id, capabilities }));
  const directory = createDirectory({ client: clients.client, budget, logger, configured });
  const claims = createClaims({ client: clients.claims, logger, budget, reachability });
  const board = deps.share?.board ?? createBoard({ client: clients.client, budget, logger });
  const ctx: ApiContext = {
    client: clients.client,
    queries: clients.queries,
    board,
    warmNext: createWarmNext(board, clients.queries),
    claims: admittedClaims(claims, clients.client, directory),
    directory,
    blobs: deps.blobs,
    config,
    webhooks: deps.webhooks,
    tokens: createTokens(stateDir),
    pageTokens: createPageTokens(stateDir.signingKey),
    pages: createPages(clients.client, budget),
    holds: createHolds(clients.client, budget),
    leases: createLeaseMemory(),
    closing: closing.signal,
  };
  const rateLimit = deps.rateLimit === undefined ? RATE_LIMIT : deps.rateLimit;
  const app = await buildApp(ctx, { logger, rateLimit });

  async function close() {
    closing.abort();
    // Whoever was answered in the same moment keeps a connection that Node takes for busy when the server closes.
    const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
    await app.close().finally(() => clearInterval(sweep));
    if (!deps.share) budget.close();
    ctx.directory.close();
    await Promise.all([clients.endRetries(), deps.share || ctx.board.close(), ctx.claims.close()]);
    await clients.close();
  }

  let stopping: Promise<void> | null = null;
  const stop = () => {
    stopping ??= close();
    return stopping;
  };
  try {
    await app.listen({ port: environment.port, host: environment.host });
  } catch (error) {
    await stop();
    throw error;
  }
  const { port } = app.server.address() as AddressInfo;
  const host = environment.host.includes(':') ? `[${environment.host}]` : environment.host;
  return {
    url: `http://${host}:${port}`,
    ready: Promise.resolve(),
    failed: new Promise<never>(() => {}),
    stop,
  };
}
