/** The REST API as a client without any library sees it. */
import type { TaskEvent, TaskView } from '../../contracts/task';

export interface Reply {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON from another process, looked at field by field
  body: any;
}

export interface Api {
  get(path: string): Promise<Reply>;
  post(path: string, body?: unknown): Promise<Reply>;
  task(id: string): Promise<TaskView>;
  events(id: string): Promise<TaskEvent[]>;
}

/** How long reads go on asking an engine that is away, in milliseconds. */
const AWAY_MS = 30_000;

/** @param more headers for every call */
export function createApi(baseUrl: string, token: string, more: Record<string, string> = {}): Api {
  async function call(method: string, path: string, body?: unknown): Promise<Reply> {
    const headers: Record<string, string> = { ...more, authorization: `Bearer ${token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(`${baseUrl}/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }
  async function read(path: string) {
    const deadline = Date.now() + AWAY_MS;
    let reply = await call('GET', path);
    // A 503 is no answer yet: a worker that is busy is asked again.
    while (reply.status === 503 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      reply = await call('GET', path);
    }
    if (reply.status !== 200) throw new Error(`GET ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  }
  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body ?? {}),
    task: (id) => read(`/tasks/${encodeURIComponent(id)}`),
    events: async (id) => (await read(`/tasks/${encodeURIComponent(id)}/events`)).events,
  };
}
