import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AskedRequest {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Parsed JSON; null where there is none. */
  body: unknown;
  /** As it was sent. */
  text: string;
}

export interface ScriptedAnswer {
  status?: number;
  headers?: Record<string, string>;
  /** A string or a Buffer goes as it is, all else as JSON. */
  body?: unknown;
}

export interface AnsweringServer {
  url: string;
  asked: AskedRequest[];
  close(): Promise<void>;
}

/** An HTTP server on loopback; `null` leaves a request without an answer. */
export async function answeringServer(
  answer: (request: AskedRequest) => ScriptedAnswer | null,
): Promise<AnsweringServer> {
  const asked: AskedRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
    const text = Buffer.concat(chunks).toString();
    const request = {
      method: incoming.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: incoming.headers,
      body: text === '' ? null : JSON.parse(text),
      text,
    };
    asked.push(request);
    const given = answer(request);
    if (given === null) return;
    const { status = 200, headers = {}, body } = given;
    const raw = typeof body === 'string' || Buffer.isBuffer(body);
    outgoing.writeHead(status, { 'content-type': raw ? 'text/plain' : 'application/json', ...headers });
    outgoing.end(body === undefined ? undefined : raw ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
