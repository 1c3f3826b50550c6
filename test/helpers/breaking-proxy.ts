/** A reverse proxy in front of the API that can break the protocol. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

// biome-ignore lint/suspicious/noExplicitAny: JSON of any shape, to be spoiled
export type Json = any;

export interface Sent {
  method: string;
  path: string;
  token: string | null;
  /** Parsed; null when it is no JSON. */
  body: Json;
}

export interface Reply {
  status: number;
  body: Json;
  headers: Record<string, string>;
}

/** What it does wrong, by changing what passes. */
export interface Sabotage {
  /** A reply: the request is not passed on. */
  sent?(sent: Sent): Reply | undefined | Promise<undefined>;
  replied?(reply: Reply, sent: Sent): void;
}

export interface BreakingProxy {
  url: string;
  close(): Promise<void>;
}

/** @param targets base URLs, which take turns */
export async function breakingProxy(targets: string[], sabotage: Sabotage = {}): Promise<BreakingProxy> {
  let turn = 0;
  const server = createServer((request, response) => {
    const target = targets[turn++ % targets.length] ?? '';
    pass(request, response, target, sabotage).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pass(request: IncomingMessage, response: ServerResponse, target: string, sabotage: Sabotage) {
  const { method = 'GET', url = '/', headers } = request;
  const raw = await buffer(request);
  const body = parsed(raw.toString());
  const sent: Sent = {
    method,
    path: url,
    token: headers.authorization?.slice('Bearer '.length) ?? null,
    body,
  };
  const before = JSON.stringify(body);
  const reply = (await sabotage.sent?.(sent)) ?? (await forward());
  sabotage.replied?.(reply, sent);
  const text =
    typeof reply.body === 'string' || reply.body === null ? reply.body : JSON.stringify(reply.body);
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
  response.end(reply.status === 204 ? undefined : text);

  async function forward(): Promise<Reply> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const answer = await fetch(`${target}${sent.path}`, {
      method,
      headers: {
        ...(sent.token !== null && { authorization: `Bearer ${sent.token}` }),
        ...(headers['content-type'] && { 'content-type': headers['content-type'] }),
        ...(typeof headers['x-product-id'] === 'string' && { 'x-product-id': headers['x-product-id'] }),
      },
      // What was not spoiled is passed on byte by byte.
      body:
        raw.length === 0 ? undefined : JSON.stringify(sent.body) === before ? raw : JSON.stringify(sent.body),
      signal: gone.signal,
    });
    const text = await answer.text();
    const kept = ['content-type', 'signalbox-directive', 'signalbox-expected-offset', 'retry-after'];
    const entries = kept.flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value]];
    });
    return { status: answer.status, body: parsed(text) ?? text, headers: Object.fromEntries(entries) };
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
