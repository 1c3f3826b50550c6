import assert from 'node:assert/strict';
import type { TaskView } from '../../contracts/task';
import type { Api } from './api';
import { git } from './repository';

export interface Stage {
  api: Api;
  repository: string;
  say: (line?: string) => void;
  startAgent: (id: string, capability: string) => Promise<void>;
}

const CLOSED = new Set(['completed', 'failed', 'cancelled']);
const TIMEOUT_MS = 120_000;

/** (a) Undecided `agent:code`: the local host takes it, edits a file and commits on the task's branch. */
export async function codeTask(stage: Stage): Promise<void> {
  stage.say('\n(a) an undecided agent:code task: the local host takes it');
  const task = await greet(stage, {
    id: 'demo/greeting#1',
    label: 'agent:code',
    host: 'local',
    summary: 'greeting.txt now greets the world',
  });
  show(task, stage.say);
}

/** (b) Undecided `agent:review`: no host can, so it becomes http_pull and an agent pulls it. */
export async function reviewTask({ api, repository, say, startAgent }: Stage): Promise<void> {
  const id = 'demo/greeting#2';
  say('\n(b) an undecided agent:review task: no host can do it, an agent pulls it');
  await create(api, {
    id,
    title: 'Review the greeting',
    body: 'Look at the branches.',
    labels: ['agent:review'],
    repository,
  });
  assert.equal((await api.task(id)).execution_mode, 'http_pull', `mode of ${id} before it is pulled`);
  await startAgent('reviewer-1', 'agent:review');
  const task = await follow(api, id, say);
  assert.equal(task.status, 'completed', `status of ${id}`);
  assert.equal(task.assigned_agent_id, 'reviewer-1', `agent of ${id}`);
  const events = await api.events(id);
  assert.ok(
    events.some((e) => e.type === 'running'),
    `${id}: its lease was renewed`,
  );
  show(task, say);
}

/** (c) A task that the host and three agents race for: exactly one gets it. */
export async function raceTask({ api, repository, say, startAgent }: Stage): Promise<void> {
  const id = 'demo/greeting#3';
  say('\n(c) a task that the host and three agents race for');
  await Promise.all(['racer-1', 'racer-2', 'racer-3'].map((name) => startAgent(name, 'agent:code')));
  await until('three agents are online', async () => {
    const { body } = await api.get('/agents');
    const online = (body.holders as Array<{ id: string; presence: string }>).filter(
      (a) => a.presence === 'online',
    );
    return online.filter((a) => a.id.startsWith('racer-')).length === 3;
  });
  await create(api, {
    id,
    title: 'Who is first?',
    body: 'echo raced',
    labels: ['agent:code'],
    repository,
    template: 'shell',
  });
  const task = await follow(api, id, say);
  assert.equal(task.status, 'completed', `status of ${id}`);
  const grants = (await api.events(id)).filter((e) => e.type === 'granted');
  assert.equal(grants.length, 1, `grants of ${id}`);
  assert.equal(task.attempts.length, 1, `attempts at ${id}`);
  say(`  exactly one was granted it: ${task.attempts[0]?.holder}`);
  show(task, say);
}

/** (d) Undecided `agent:build`: only the SSH host can; the run has its log-in in its environment. */
export async function sshTask(stage: Stage, port: number): Promise<void> {
  stage.say('\n(d) an undecided agent:build task: the host over SSH takes it');
  const task = await greet(stage, {
    id: 'demo/greeting#4',
    label: 'agent:build',
    host: 'over-ssh',
    summary: 'greeting.txt greets the world over $SSH_CONNECTION',
  });
  assert.match(
    task.receipt?.summary ?? '',
    new RegExp(` 127\\.0\\.0\\.1 ${port}$`),
    'the run is one over SSH',
  );
  show(task, stage.say);
}

interface Greeting {
  id: string;
  label: string;
  /** Who is to do it. */
  host: string;
  /** What the script says at its end, in double quotes. */
  summary: string;
}

/** Edits a file and commits it, on the branch of the task. */
async function greet(
  { api, repository, say }: Stage,
  { id, label, host, summary }: Greeting,
): Promise<TaskView> {
  const body = [
    'echo "hello, world" > greeting.txt',
    'git add greeting.txt',
    "git -c user.name=Agent -c user.email=agent@example.invalid commit --quiet -m 'Greet the world'",
    `echo "${summary}"`,
  ].join('\n');
  await create(api, { id, title: 'Greet the world', body, labels: [label], repository, template: 'shell' });
  const task = await follow(api, id, say);
  assert.equal(task.status, 'completed', `status of ${id}`);
  assert.equal(task.execution_mode, 'ssh_cli', `mode of ${id}`);
  assert.equal(task.assigned_host, host, `host of ${id}`);
  const onBranch = git(repository, 'show', `${task.branch_name}:greeting.txt`);
  assert.equal(onBranch, 'hello, world', `greeting.txt on ${task.branch_name}`);
  assert.equal(git(repository, 'show', 'main:greeting.txt'), 'hello', 'greeting.txt on main');
  const commit = git(repository, 'rev-parse', task.branch_name);
  assert.equal(task.receipt?.artifacts.commit, commit, 'commit in the receipt');
  return task;
}

async function create(api: Api, task: Record<string, unknown>): Promise<void> {
  const reply = await api.post('/tasks', task);
  assert.equal(reply.status, 201, `creating ${task.id}: ${JSON.stringify(reply.body)}`);
}

/** Prints each event as it happens, until the task is closed. */
async function follow(api: Api, id: string, say: (line: string) => void): Promise<TaskView> {
  let printed = 0;
  const print = async () => {
    for (const event of (await api.events(id)).slice(printed)) {
      printed++;
      say(
        `  ${event.at.slice(11, 23)}  ${id}  epoch ${event.epoch}  ${event.type.padEnd(16)} ${event.message}`,
      );
    }
  };
  await until(`${id} is closed`, async () => {
    await print();
    return CLOSED.has((await api.task(id)).status);
  });
  await print();
  return api.task(id);
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`gave up waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function show(task: TaskView, say: (line: string) => void) {
  say(`  receipt: ${JSON.stringify(task.receipt)}`);
}
