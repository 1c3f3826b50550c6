import type { Answer, CallOptions, Wire } from './wire';

export type Told = Omit<CallOptions, 'token' | 'body'>;

/** Calls with one token. Paths without `/api/` are below `/api/v1`. */
export interface Client {
  get(path: string, told?: Told): Promise<Answer>;
  post(path: string, body?: unknown, told?: Told): Promise<Answer>;
  call(method: string, path: string, told?: Told & { body?: unknown }): Promise<Answer>;
}

export function createClient(wire: Wire, token: string | null): Client {
  const call: Client['call'] = (method, path, told) => wire(method, path, { ...told, token });
  return {
    call,
    get: (path, told) => call('GET', path, told),
    post: (path, body, told) => call('POST', path, { ...told, body }),
  };
}

/** The deployment has no such route: what answers is not the route but the server itself. */
export const isNoRoute = ({ status, body }: Answer) =>
  (status === 404 && (body as { code?: unknown } | null)?.code === 'not_found') ||
  status === 405 ||
  status === 501;
