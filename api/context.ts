/** What the routes are given. One of it per process. */
import type { Client } from '@temporalio/client';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { BlobStore } from '../contracts/blobs';
import type { Config } from '../contracts/config';
import type { Board, Want } from '../dispatch/board';
import type { Claims } from '../dispatch/claim';
import type { Directory } from '../dispatch/directory';
import type { WebhookSource } from '../workers/config/sources';
import type { HoldsByHolder } from './holds';
import type { LeaseMemory } from './lease-memory';
import type { PageTokens } from './page-token';
import type { Tokens } from './tokens';
import type { Pages } from './visibility-page';

export interface ApiContext {
  client: Client;
  /** On a connection of its own that does not retry: an outcome query must not wait behind anything. */
  queries: Client;
  board: Board;
  claims: Claims;
  /** Somebody has just taken a task: the next one of that kind is made ready. */
  warmNext: (want: Want) => void;
  directory: Directory;
  blobs: BlobStore;
  config: Config;
  /** By the name that is in the URL. */
  webhooks: ReadonlyMap<string, WebhookSource>;
  tokens: Tokens;
  pageTokens: PageTokens;
  pages: Pages;
  /** What each holder holds, by `host:<id>` or `agent:<id>`. */
  holds: () => Promise<HoldsByHolder>;
  leases: LeaseMemory;
  /** Aborted when the server stops: parked long polls end. */
  closing: AbortSignal;
}

/** Fastify with types that come from the zod schemas of each route. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;
