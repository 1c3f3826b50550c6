/** What a forge that is slow, huge, moved or no forge at all does to its client. The forge is a script. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Forge } from '../../activities/forge/forge';
import { type ForgeAddress, openForge } from '../../activities/forge/open-forge';
import {
  type AnsweringServer,
  type AskedRequest,
  answeringServer,
  type ScriptedAnswer,
} from '../helpers/answering-server';

const TOKEN = 'secret-token-0123';
const servers: AnsweringServer[] = [];

async function serve(answer: (request: AskedRequest) => ScriptedAnswer | null): Promise<AnsweringServer> {
  const server = await answeringServer(answer);
  servers.push(server);
  return server;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const KINDS = ['gitea', 'github'] as const;
const ISSUE = { number: 7, title: 't', body: null, state: 'open', labels: [], html_url: 'http://x/7' };

const open = (server: AnsweringServer, kind: ForgeAddress['kind'], more: Partial<ForgeAddress> = {}): Forge =>
  openForge({ kind, url: `${server.url}/sub/path/`, token: TOKEN, ...more });

describe.each(KINDS)('a client of %s', (kind) => {
  it('asks below the path of its forge, with the token', async () => {
    const server = await serve(() => ({ body: ISSUE }));
    await expect(open(server, kind).issue('o/r', 7)).resolves.toMatchObject({
      number: 7,
      body: '',
      is_pull: false,
    });
    const version = kind === 'github' ? 'v3' : 'v1';
    expect(server.asked[0]?.path).toBe(`/sub/path/api/${version}/repos/o/r/issues/7`);
    expect(server.asked[0]?.headers.authorization).toMatch(new RegExp(`^(token|Bearer) ${TOKEN}$`));
  });

  it('gives up a forge that does not answer', async () => {
    const server = await serve(() => null);
    await expect(open(server, kind, { timeoutMs: 200 }).issue('o/r', 7)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('did not answer within 0.2 s'),
    });
  });

  it('does not read without end', async () => {
    const server = await serve(() => ({ body: { ...ISSUE, body: 'x'.repeat(17 * 1024 * 1024) } }));
    await expect(open(server, kind).issue('o/r', 7)).rejects.toMatchObject({
      code: 'rejected',
      message: expect.stringContaining('more than 16777216 bytes'),
    });
  });

  it('follows a redirect within the forge, as of a renamed repository', async () => {
    const moved = await serve(({ path }) =>
      path === '/new/place/7' ? { body: ISSUE } : { status: 301, headers: { location: '/new/place/7' } },
    );
    await expect(open(moved, kind).issue('o/r', 7)).resolves.toMatchObject({ number: 7 });
    expect(moved.asked.at(-1)?.headers.authorization).toContain(TOKEN);
  });

  it('repeats what it writes at another place of the API, and nowhere else', async () => {
    const comment = { id: 1, body: 'text', user: { login: 'bot' } };
    let to = '/login';
    const server = await serve(({ path }) =>
      path.endsWith('/new/comments') ? { body: comment } : { status: 301, headers: { location: to } },
    );
    await expect(open(server, kind).comment('o/r', 7, 'text')).rejects.toMatchObject({ code: 'rejected' });
    expect(server.asked).toHaveLength(1);
    to = `${server.asked[0]?.path.replace(/repos.*/, '')}new/comments`;
    await expect(open(server, kind).comment('o/r', 7, 'text')).resolves.toMatchObject({ id: 1 });
    expect(server.asked.at(-1)).toMatchObject({ method: 'POST', path: to, body: { body: 'text' } });
  });

  it('does not go in circles', async () => {
    const server = await serve(() => ({ status: 307, headers: { location: '/again' } }));
    await expect(open(server, kind).issue('o/r', 7)).rejects.toMatchObject({ code: 'rejected' });
    expect(server.asked).toHaveLength(4);
  });

  it('takes the token to no other host', async () => {
    const other = await serve(() => ({ body: ISSUE }));
    const server = await serve(() => ({ status: 307, headers: { location: `${other.url}/api?x=${TOKEN}` } }));
    const refused = await open(server, kind)
      .issue('o/r', 7)
      .catch((error) => error);
    expect(refused).toMatchObject({ code: 'rejected', message: expect.stringContaining(other.url) });
    expect(refused.message).not.toContain(TOKEN);
    expect(other.asked).toEqual([]);
  });

  it('notices that it is no forge that answers', async () => {
    const server = await serve(() => ({
      body: '<html>Sign in</html>',
      headers: { 'content-type': 'text/html' },
    }));
    await expect(open(server, kind).issue('o/r', 7)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('no API of a forge'),
    });
  });

  it('notices that it is another forge that answers, and repeats nothing of it', async () => {
    const server = await serve(() => ({ body: { ...ISSUE, number: 'seven', title: 5 } }));
    await expect(open(server, kind).issue('o/r', 7)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/not as a forge of this kind gives it: number, title\./),
    });
  });

  it('cuts a long diff after a whole file', async () => {
    const file = (name: string) =>
      `diff --git a/${name} b/${name}\n--- a/${name}\n+++ b/${name}\n@@ -0,0 +1 @@\n+x\n`;
    const server = await serve(() => ({ body: file('one') + file('two') + file('three') }));
    const maxBytes = file('one').length * 2;
    const diff = await open(server, kind, { diffMaxBytes: maxBytes }).diff('o/r', 7);
    expect(diff).toBe(
      `# This diff is longer than ${maxBytes} bytes: what follows is only its beginning.\n${file('one')}`,
    );
    await expect(open(server, kind).diff('o/r', 7)).resolves.toBe(file('one') + file('two') + file('three'));
  });

  it('tells that nobody is there', async () => {
    const server = await serve(() => null);
    await server.close();
    servers.splice(0);
    await expect(open(server, kind).me()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('hands on what a limit says', async () => {
    const server = await serve(() => ({
      status: 429,
      headers: { 'retry-after': '12' },
      body: { message: 'slow' },
    }));
    await expect(open(server, kind).me()).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 12_000,
    });
  });
});

it('a forge of one’s own needs a url', () => {
  expect(() => openForge({ kind: 'forgejo', token: TOKEN })).toThrow('needs a url');
});

it('a pull request that somebody else opens on Gitea at the same moment is found', async () => {
  const pull = {
    ...ISSUE,
    user: { login: 'agent' },
    head: { ref: 'task/1', label: 'task/1', sha: 'a'.repeat(40), repo: { full_name: 'o/r' } },
    base: { ref: 'main' },
    merged: false,
    updated_at: '2026-11-21T12:00:00Z',
  };
  const server = await serve(({ method }) => {
    if (method === 'POST') return { status: 409, body: { message: 'pull request already exists' } };
    return server.asked.length === 1 ? { status: 404, body: {} } : { body: pull };
  });
  const wanted = { title: 't', body: '', head: 'task/1', base: 'main' };
  await expect(open(server, 'gitea').openPull('o/r', wanted)).resolves.toMatchObject({
    number: 7,
    author: 'agent',
  });
  expect(server.asked.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET']);
});
