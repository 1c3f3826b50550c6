/** A scripted model on 127.0.0.1, for CLIs that talk to the Responses API or to the Messages API. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageEvents, toolResultsOf } from './messages-api';
import { outputsOf, responseEvents } from './responses-api';

export type Turn =
  | { text: string }
  /** A call of the CLI's own shell tool. */
  | { shell: string }
  | { status: number; body: unknown; headers?: Record<string, string> }
  /** Headers, and then nothing for ever. */
  | { stall: true };

export interface ModelRequest {
  path: string;
  headers: IncomingMessage['headers'];
  body: Record<string, unknown>;
}

/** One server-sent event. */
export interface ModelEvent {
  type: string;
  [field: string]: unknown;
}

export interface ModelServer {
  url: string;
  /**
   * From now on the n-th turn answers a request that carries n tool results: so repeats and requests beside the
   * conversation do not move it on.
   */
  script(turns: Turn[]): void;
  /** Those for an answer of the model, since the last `script`. */
  requests(): ModelRequest[];
  /** Connections on which a CLI waits for what never comes. */
  stalled(): number;
  close(): Promise<void>;
}

interface Api {
  /** Tool results so far. */
  progress(body: Record<string, unknown>): number;
  events(turn: { text: string } | { shell: string }, body: Record<string, unknown>): ModelEvent[];
}

const APIS: Record<string, Api> = {
  '/v1/responses': { progress: outputsOf, events: responseEvents },
  '/v1/messages': { progress: toolResultsOf, events: messageEvents },
};

export async function startModelServer(): Promise<ModelServer> {
  let turns: Turn[] = [];
  let seen: ModelRequest[] = [];
  let stalled = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.replace(/\?.*$/, '') ?? '';
    const api = request.method === 'POST' ? APIS[path] : undefined;
    const text = await bodyOf(request);
    if (api === undefined) return json(response, 404, { error: { type: 'not_found_error', message: path } });
    const body = JSON.parse(text) as Record<string, unknown>;
    seen.push({ path, headers: request.headers, body });
    const turn = turns[api.progress(body)];
    if (turn === undefined) {
      return json(response, 400, { error: { type: 'invalid_request_error', message: 'the script is over' } });
    }
    if ('status' in turn) return json(response, turn.status, turn.body, turn.headers);
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.flushHeaders();
    if ('stall' in turn) {
      stalled += 1;
      response.once('close', () => {
        stalled -= 1;
      });
      return;
    }
    for (const event of api.events(turn, body)) {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    response.end();
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    script(next) {
      turns = next;
      seen = [];
    },
    requests: () => seen,
    stalled: () => stalled,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Every text in it, in the order in which they stand there. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
