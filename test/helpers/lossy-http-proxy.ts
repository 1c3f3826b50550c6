import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A call as it was sent on to the server. */
export interface ProxiedCall {
  /** Who made it: each client has a URL of its own. */
  client: string;
  path: string;
  /** Parsed JSON; null where there is none. */
  body: unknown;
}

export interface ProxyWatch {
  asked(call: ProxiedCall): void;
  /** The whole answer is here; the client has not got it yet. @returns whether the client is to get it */
  answered(call: ProxiedCall, status: number, body: unknown): boolean;
}

export interface LossyHttpProxy {
  urlOf(client: string): string;
  /** Nothing passes to or from this client any more, until the returned function is called. */
  cutOff(client: string): () => void;
  /** Calls without an answer yet. */
  open(): number;
  close(): Promise<void>;
}

/** Between agents and the API: forwards each call, and may cut the connection instead of passing its answer on. */
export async function lossyHttpProxy(targetUrl: string, watch: ProxyWatch): Promise<LossyHttpProxy> {
  const target = new URL(targetUrl);
  const cut = new Set<string>();
  const open = new Map<ServerResponse, string>();

  async function forward(client: string, path: string, incoming: IncomingMessage, outgoing: ServerResponse) {
    const bytes = await bodyOf(incoming);
    const call = { client, path, body: jsonOf(bytes) };
    watch.asked(call);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const upstream = request(
        {
          host: target.hostname,
          port: target.port,
          path,
          method: incoming.method,
          headers: { ...incoming.headers, connection: 'close' },
          agent: false,
        },
        resolve,
      );
      upstream.once('error', reject);
      // Who gave up does not wait for the answer, as behind any proxy.
      outgoing.once('close', () => upstream.destroy());
      upstream.end(bytes);
    });
    const body = await bodyOf(answer);
    const status = answer.statusCode ?? 0;
    if (!watch.answered(call, status, jsonOf(body))) return outgoing.destroy();
    const { 'transfer-encoding': _chunked, connection: _connection, ...headers } = answer.headers;
    outgoing.writeHead(status, headers).end(body);
  }

  const server = createServer((incoming, outgoing) => {
    const [, client = '', path = ''] = /^\/([^/]+)(\/.*)$/.exec(incoming.url ?? '') ?? [];
    if (cut.has(client)) return void outgoing.destroy();
    open.set(outgoing, client);
    outgoing.once('close', () => open.delete(outgoing));
    // The server is away, or one of the two has ended the connection.
    forward(client, path, incoming, outgoing).catch(() => outgoing.destroy());
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const port = await listen(server);

  return {
    urlOf: (client) => `http://127.0.0.1:${port}/${client}`,
    cutOff(client) {
      cut.add(client);
      for (const [outgoing, of] of open) if (of === client) outgoing.destroy();
      return () => cut.delete(client);
    },
    open: () => open.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
