/** A script that answers as GitHub's documentation says, and the client for it. */
import type { Forge } from '../../activities/forge/forge';
import { openForge } from '../../activities/forge/open-forge';
import {
  type AnsweringServer,
  type AskedRequest,
  answeringServer,
  type ScriptedAnswer,
} from './answering-server';
import { githubRefusal, githubUser } from './github-shapes';

export const REPOSITORY = 'octocat/hello-world';
export const BASE = `/api/v3/repos/${REPOSITORY}`;

export type Route = ScriptedAnswer | ((request: AskedRequest) => ScriptedAnswer);

export interface ScriptedGithub extends AnsweringServer {
  forge: Forge;
  /** Requests of this method. */
  sent(method: string): AskedRequest[];
}

/** One at a time: the script of a test, and the client that talks to it. */
export function githubScripts() {
  let server: ScriptedGithub | null = null;
  return {
    async github(routes: Record<string, Route>): Promise<Forge> {
      server = await scriptedGithub(routes);
      return server.forge;
    },
    sent: (method: string) => server?.sent(method) ?? [],
    asked: () => server?.asked ?? [],
    close: () => server?.close(),
  };
}

/** @param routes by `METHOD path`; all else is 404 */
export async function scriptedGithub(routes: Record<string, Route>): Promise<ScriptedGithub> {
  const all: Record<string, Route> = { 'GET /api/v3/user': { body: githubUser('signalbox') }, ...routes };
  const server = await answeringServer((request) => {
    const route = all[`${request.method} ${request.path}`];
    if (route === undefined) return { status: 404, body: githubRefusal('Not Found') };
    return typeof route === 'function' ? route(request) : route;
  });
  return {
    ...server,
    forge: openForge({ kind: 'github', url: server.url, token: 'ghp_0123456789' }),
    sent: (method) => server.asked.filter((one) => one.method === method),
  };
}
