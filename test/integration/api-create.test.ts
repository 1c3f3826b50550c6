import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { taskWorkflowId } from '../../workflows/names';
import type { TestApi } from '../helpers/api-server';
import { type Platform, startPlatform } from '../helpers/platform';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let engine: Platform['engine'];
let api: TestApi;

beforeAll(async () => {
  platform = await startPlatform('api-create', {
    config: { hosts: { box: { capabilities: ['agent:code'] } } },
  });
  ({ engine, api } = platform);
});

afterAll(() => platform?.close());

const at = (id: string) => `/tasks/${encodeURIComponent(id)}`;
const create = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
  api.post('/tasks', { title: 't', body: 'b', ...body }, { headers });

describe('an id', () => {
  it.each(['plain', 'org/repo#42', 'a/b/c/d', 'x@1.2:3+4_5-6', 'org/complete/7', 'A'.repeat(140)])(
    '%s comes back from every way in',
    async (id) => {
      const created = await create({ id });
      expect(created).toMatchObject({ status: 201, body: { id } });
      expect((await api.get(created.headers.get('location') ?? '')).body.id).toBe(id);
      expect((await api.get(at(id))).body.id).toBe(id);
      const raw = id.split('/').map(encodeURIComponent).join('/');
      expect((await api.get(`/tasks/${raw}`)).body.id).toBe(id);
      expect((await api.get(`/tasks/${raw}/events`)).status).toBe(200);
      expect((await api.post(`/tasks/${raw}/cancel`)).body).toMatchObject({ id, status: 'cancelled' });
    },
  );

  it.each(['', '/a', 'a/', 'a//b', 'a b', 'org/complete', 'dequeue', 'ü', `a'b`, 'A'.repeat(141)])(
    '%p is refused',
    async (id) => {
      const answer = await create({ id });
      expect(answer.status).toBe(400);
      expect(answer.body.errors[0].field).toBe('id');
    },
  );

  it('is made when none is given, and unknown ones are 404', async () => {
    const { body } = await create({});
    expect((await api.get(at(body.id))).status).toBe(200);
    for (const path of ['', '/events', '/output']) {
      expect(await api.get(`/tasks/no/such%231${path}`)).toMatchObject({
        status: 404,
        body: { code: 'task_not_found' },
      });
    }
    expect((await api.post('/tasks/no/such/cancel')).status).toBe(404);
    expect((await api.post('/tasks/no/such/retry')).status).toBe(404);
    expect((await api.post('/tasks/no/such/review', { verdict: 'approved' })).status).toBe(404);
  });
});

describe('creating a task again', () => {
  it('gives the same task for the same body, in whatever order and also when it is closed', async () => {
    const first = await create({ id: 'again/1', labels: ['x'], priority: 3 });
    const same = { priority: 3, labels: ['x'], body: 'b', title: 't', id: 'again/1' };
    expect(await api.post('/tasks', same)).toMatchObject({
      status: 200,
      body: { created_at: first.body.created_at },
    });
    expect((await api.post('/tasks/again/1/cancel', { reason: 'enough' })).status).toBe(200);
    const closed = await api.post('/tasks', same);
    expect(closed).toMatchObject({ status: 200, body: { id: 'again/1', status: 'cancelled' } });
    expect(closed.body.reason.message).toContain('enough');
  });

  it('is 409 for another body', async () => {
    await create({ id: 'again/2' });
    expect(await create({ id: 'again/2', title: 'other' })).toMatchObject({
      status: 409,
      body: { code: 'id_conflict' },
    });
    expect((await create({ id: 'again/2', product: 'other' })).status).toBe(409);
  });

  it('goes by the Idempotency-Key when there is no id', async () => {
    const key = { 'idempotency-key': 'order-7' };
    const first = await create({ title: 'once' }, key);
    expect(first.status).toBe(201);
    expect(await create({ title: 'once' }, key)).toMatchObject({ status: 200, body: { id: first.body.id } });
    expect((await create({ title: 'twice' }, key)).status).toBe(409);
    expect((await create({ title: 'once' }, { 'idempotency-key': 'order-8' })).body.id).not.toBe(
      first.body.id,
    );
    expect((await create({}, { 'idempotency-key': 'a b' })).status).toBe(400);
  });

  it('happens once, however many ask at one time', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => create({ id: 'again/3' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 201]);
  });
});

describe('what a new task is', () => {
  it('shows in the index at once, without title and body', async () => {
    await create({
      id: 'idx/1',
      title: 'hunter2-title',
      body: 'hunter2-body',
      labels: ['agent:code', 'team:a'],
      repository: 'https://me:hunter2@example.org/r.git',
      priority: 2,
      product: 'blue',
    });
    const description = await engine.client.workflow.getHandle(taskWorkflowId('idx/1')).describe();
    const shown = JSON.stringify([
      description.memo,
      description.typedSearchAttributes.getAll(),
      await description.staticSummary(),
      await description.staticDetails(),
    ]);
    expect(shown).toContain('team:a');
    expect(shown).toContain('https://example.org/r.git');
    expect(shown).not.toContain('hunter2');
  });

  it('can be undecided, pull only for want of a host, or as asked', async () => {
    expect((await create({ labels: ['agent:code'] })).body.execution_mode).toBe('undecided');
    expect((await create({ labels: ['agent:other'] })).body.execution_mode).toBe('http_pull');
    expect((await create({ labels: ['agent:other'], execution_mode: 'ssh_cli' })).body.execution_mode).toBe(
      'ssh_cli',
    );
  });

  it('carries a body of a megabyte to its holder', async () => {
    const prompt = 'π'.repeat(500_000);
    const created = await create({ id: 'big/1', body: prompt, labels: ['agent:big'], priority: 1 });
    expect(created.status).toBe(201);
    const pulled = await api.post('/tasks/dequeue', {
      agent_id: 'big',
      capabilities: ['agent:big'],
      wait_ms: 5_000,
    });
    expect(pulled.status).toBe(200);
    expect(pulled.body.task.body === prompt).toBe(true);
    expect((await create({ body: 'x'.repeat(1_048_577) })).status).toBe(400);
    expect((await create({ body: 'x'.repeat(3_000_000) })).status).toBe(413);
  });
});

describe('the list', () => {
  it('is filtered and paged', async () => {
    const labels = ['list', 'agent:lister'];
    for (let i = 0; i < 5; i++)
      await create({ id: `list/${i}`, labels, priority: i + 1, product: i < 2 ? 'p1' : 'p2' });
    await api.post('/tasks/list/4/cancel');
    const ids = async (query: string) => {
      const { body } = await api.get(`/tasks?label=list${query}`);
      return body.tasks.map((task: { id: string }) => task.id).sort();
    };
    await waitUntil(async () => (await ids('&status=cancelled')).length === 1, {
      what: 'the index to follow',
    });
    expect(await ids('')).toEqual(['list/0', 'list/1', 'list/2', 'list/3', 'list/4']);
    expect(await ids('&status=created&product=p2')).toEqual(['list/2', 'list/3']);
    expect(await ids('&mode=ssh_cli')).toEqual([]);
    expect(await ids('&mode=http_pull&status=created&product=p1')).toEqual(['list/0', 'list/1']);

    await api.post('/tasks/dequeue', { agent_id: 'lister', capabilities: ['agent:lister'], wait_ms: 5_000 });
    await waitUntil(async () => (await ids('&holder=lister')).length === 1, { what: 'the holder to show' });
    expect(await ids('&holder=agent:lister&status=assigned')).toEqual(['list/0']);
    expect(await ids('&holder=host:lister')).toEqual([]);

    const seen: string[] = [];
    let token: string | null = '';
    for (let pages = 0; token !== null && pages < 10; pages++) {
      const page: Awaited<ReturnType<TestApi['get']>> = await api.get(
        `/tasks?label=list&page_size=2${token && `&page_token=${token}`}`,
      );
      expect(page.body.tasks.length).toBeLessThanOrEqual(2);
      seen.push(...page.body.tasks.map((task: { id: string }) => task.id));
      token = page.body.next_page_token;
    }
    expect(seen.sort()).toEqual(['list/0', 'list/1', 'list/2', 'list/3', 'list/4']);
  });

  it('refuses a page token of another query', async () => {
    const { body } = await api.get('/tasks?page_size=1');
    expect(body.next_page_token).not.toBeNull();
    expect(
      await api.get(`/tasks?page_size=1&status=created&page_token=${body.next_page_token}`),
    ).toMatchObject({
      status: 400,
      body: { code: 'invalid_page_token' },
    });
  });
});
