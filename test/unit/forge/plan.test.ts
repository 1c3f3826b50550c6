import { describe, expect, it } from '@jest/globals';
import { tasksOfBranch } from '../../../activities/forge/delivery/branch-task';
import { parseCommand } from '../../../activities/forge/delivery/command';
import type { Asked, KnownTask } from '../../../activities/forge/delivery/intents';
import { issueBranch, issueTaskId, taskLabels } from '../../../activities/forge/delivery/issue-task';
import { plan } from '../../../activities/forge/delivery/plan';
import { type ForgeEvent, type SourceConfig, sourceSchema } from '../../../contracts/forge';
import { messageIdSchema, taskIdSchema } from '../../../contracts/ids';
import type { TaskPull } from '../../../workflows/task/types';
import { commentEvent, pullEvent, pushEvent, reviewEvent } from '../../helpers/forge-events';
import { createMemoryForge, REPOSITORY } from '../../helpers/memory-forge';

const config: SourceConfig = sourceSchema.parse({
  kind: 'gitea',
  url: 'http://forge.invalid',
  token: { from_env: 'T' },
  webhook_secret: { from_env: 'S' },
});

const asked = (over: Partial<Asked> = {}): Asked => ({
  issue: null,
  pull: null,
  permission: 'write',
  own: false,
  ...over,
});

const task = (over: Partial<KnownTask> = {}): KnownTask => ({
  id: 'org/repo#1',
  open: true,
  status: 'running',
  origin: { source: 'forge', repository: REPOSITORY, issue: 1, url: 'u', base_branch: 'main' },
  pull: null,
  title: 'a title',
  labels: ['agent:code'],
  seen: [],
  ended_by: null,
  earlier: { pulls_until: 0, issue_at: 0, comment: 0 },
  ...over,
});

const forge = createMemoryForge();
const opened = forge.addPull({ head: 'task/org-repo-1' });
const known: TaskPull = {
  number: opened.number,
  url: opened.url,
  head_sha: opened.head.sha,
  state: 'open',
  approved: false,
  updated_at: opened.updated_at,
};

const does = (event: ForgeEvent, of: KnownTask | null, over: Partial<Asked> = {}) =>
  plan(event, config, of, asked(over), 'forge:alice').map((intent) =>
    intent.do === 'tell' ? `${intent.do} ${intent.message.what}` : intent.do,
  );

describe('a pull request', () => {
  const merged = { ...opened, open: false, merged: true };
  const closed = { ...opened, open: false };
  it.each([
    ['opened', pullEvent(opened, 'opened'), task(), ['tell pull_opened']],
    ['reopened', pullEvent(opened, 'reopened'), task(), ['tell pull_opened']],
    ['pushed to', pullEvent(opened, 'pushed'), task(), ['tell pull_updated']],
    ['merged', pullEvent(merged, 'closed'), task(), ['tell pull_merged']],
    [
      'merged, and told late of a push',
      pullEvent(merged, 'pushed'),
      task({ pull: known }),
      ['tell pull_merged'],
    ],
    ['closed', pullEvent(closed, 'closed'), task(), ['tell pull_closed']],
    ['of nobody', pullEvent(opened, 'opened'), null, ['nothing']],
    ['of a task that is closed', pullEvent(opened, 'opened'), task({ open: false }), ['nothing']],
    [
      'of a fork',
      pullEvent({ ...opened, head: { ...opened.head, repository: 'eve/repo' } }, 'opened'),
      task(),
      ['nothing'],
    ],
    [
      'of a fork that is gone',
      pullEvent({ ...opened, head: { ...opened.head, repository: null } }, 'opened'),
      task(),
      ['nothing'],
    ],
    [
      'merged in an earlier run, told once more',
      pullEvent(merged, 'closed'),
      task({ earlier: { pulls_until: merged.updated_at, issue_at: 0, comment: 0 } }),
      ['nothing'],
    ],
    [
      'merged in an earlier run, and edited now',
      pullEvent({ ...merged, updated_at: merged.updated_at + 9 }, 'edited'),
      task({ earlier: { pulls_until: merged.updated_at, issue_at: 0, comment: 0 } }),
      ['nothing'],
    ],
  ])('%s', (_, event, of, expected) => {
    expect(does(event, of)).toEqual(expected);
  });

  it('has ids of messages that name the fact', () => {
    const long = { ...opened, head: { ...opened.head, sha: 'c'.repeat(64) }, number: 123_456_789 };
    const events = [
      ...(['opened', 'reopened', 'pushed', 'edited'] as const).map((action) => pullEvent(long, action)),
      pullEvent({ ...long, open: false }, 'closed'),
      pullEvent({ ...long, open: false, merged: true }, 'closed'),
      pushEvent('task/1', 'c'.repeat(64)),
      reviewEvent(long, 'approved'),
      commentEvent(1, Number.MAX_SAFE_INTEGER, '/signalbox cancel'),
    ];
    const ids = events.flatMap((event) =>
      plan(event, config, task(), asked(), 'forge:alice').map((intent) => {
        if ('message' in intent) return intent.message.message_id;
        return intent.do === 'review' ? intent.review.message_id : '';
      }),
    );
    for (const id of ids) expect(messageIdSchema.safeParse(id)).toMatchObject({ success: true });
    // `pushed` and `edited` may tell of the same; a review tells of the pull request first.
    expect(new Set(ids).size).toBe(ids.length - 2);
  });
});

describe('a push', () => {
  it('is told to the task, a branch that is deleted is not', () => {
    expect(does(pushEvent('task/1', 'c'.repeat(40)), task())).toEqual(['tell pushed']);
    expect(does(pushEvent('task/1', '0'.repeat(40)), task())).toEqual(['nothing']);
    expect(does(pushEvent('task/1', 'c'.repeat(40)), null)).toEqual(['nothing']);
  });
});

describe('a review', () => {
  const review = (over = {}) => reviewEvent(opened, 'rejected', over);
  it.each([
    ['of a pull request that is known', review(), task({ pull: known }), {}, ['review']],
    ['that is quicker than the pull request', review(), task(), {}, ['tell pull_opened', 'review']],
    [
      'that is quicker than a push',
      review(),
      task({ pull: { ...known, head_sha: 'e'.repeat(40), updated_at: 0 } }),
      {},
      ['tell pull_updated', 'review'],
    ],
    ['without a verdict', reviewEvent(opened, 'comment'), task({ pull: known }), {}, ['nothing']],
    ['by somebody who may only read', review(), task({ pull: known }), { permission: 'read' }, ['nothing']],
    ['by Signalbox', review(), task({ pull: known }), { own: true }, ['nothing']],
  ] as const)('%s', (_, event, of, over, expected) => {
    expect(does(event as ForgeEvent, of as KnownTask, over as Partial<Asked>)).toEqual(expected);
  });
});

describe('a command', () => {
  const closed = task({ open: false, status: 'failed' });
  const waiting = task({ status: 'review_pending' });
  const issue = {
    number: 1,
    title: 't',
    body: 'b',
    open: true,
    labels: [],
    url: 'u',
    is_pull: false,
    updated_at: 0,
  };
  const say = (text: string) => commentEvent(1, 7, `/signalbox ${text}`);
  it.each([
    ['retry of a task that failed', say('retry'), closed, { issue }, ['run_again']],
    ['retry of one that runs', say('retry'), task(), {}, ['reply']],
    ['retry of one that is nowhere', say('retry'), null, {}, ['reply']],
    [
      'retry told once more',
      say('retry'),
      { ...closed, earlier: { ...closed.earlier, comment: 7 } },
      { issue },
      ['nothing'],
    ],
    ['cancel', say('cancel'), task(), {}, ['cancel']],
    ['cancel told once more', say('cancel'), task({ seen: ['comment:7'] }), {}, ['nothing']],
    ['cancel of one that is closed', say('cancel'), closed, {}, ['reply']],
    ['assign', say('assign build-1'), task({ status: 'created' }), {}, ['assign']],
    ['assign to what is no name', say('assign a/b'), task({ status: 'created' }), {}, ['reply']],
    ['approve', say('approve'), waiting, {}, ['approve']],
    ['approve of nothing', say('approve'), task(), {}, ['reply']],
    ['nobody knows', say('dance'), task(), {}, ['reply']],
    ['by somebody who may only read', say('cancel'), task(), { permission: 'read' }, ['reply']],
    ['by somebody unknown', say('dance'), null, { permission: 'none' }, ['reply']],
    ['that is none', commentEvent(1, 7, 'thank you'), task(), {}, ['nothing']],
  ] as const)('%s', (_, event, of, over, expected) => {
    expect(does(event as ForgeEvent, of as KnownTask | null, over as Partial<Asked>)).toEqual(expected);
  });

  it('is not answered with one', () => {
    const [intent] = plan(say('dance'), config, task(), asked(), 'forge:alice');
    expect(intent).toMatchObject({ do: 'reply', text: expect.stringContaining('/signalbox cancel') });
    expect(parseCommand((intent as { text: string }).text)).toBeNull();
  });

  it.each([
    ['/signalbox retry', { name: 'retry' }],
    ['/SIGNALBOX  Retry ', { name: 'retry' }],
    ['so\r\n/signalbox cancel\r\nplease', { name: 'cancel' }],
    ['/signalbox assign @build-1', { name: 'assign', to: 'build-1' }],
    ['/signalbox', { name: 'unknown' }],
    ['/signalbox assign', { name: 'unknown' }],
    ['/signalbox retry now', { name: 'unknown' }],
    ['/signalboxes retry', null],
    ['say /signalbox retry', null],
    ['> /signalbox retry', null],
    ['', null],
  ])('%j', (text, expected) => {
    expect(parseCommand(text)).toEqual(expected);
  });
});

describe('the task of an issue', () => {
  it('has an id and a branch of its own', () => {
    expect(issueTaskId('org/repo', 42)).toBe('org/repo#42');
    expect(issueBranch('org/repo#42', 42)).toBe('task/org-repo-42');
    const long = `${'o'.repeat(60)}/${'r'.repeat(60)}`;
    for (const name of [long, 'org/.github', 'org/-x', 'org/_']) {
      expect(taskIdSchema.safeParse(issueTaskId(name, 42)).success).toBe(true);
      expect(issueTaskId(name, 42)).not.toBe(issueTaskId(name, 43));
      const branch = issueBranch(issueTaskId(name, 42), 42);
      expect(branch).not.toBe(issueBranch(issueTaskId(name, 43), 43));
      expect(tasksOfBranch(name, branch)).toContain(issueTaskId(name, 42));
    }
  });

  it.each([
    ['task/org-repo-42', ['org/repo#42']],
    ['task/42', ['org/repo#42']],
    ['task/42-log-in', ['org/repo#42']],
    ['task/claude/42_x', ['org/repo#42']],
    ['wip/task/42', ['org/repo#42']],
    ['task/other-42', []],
    ['task/42nd-street', []],
    ['task/007', []],
    ['task/99999999999', []],
    ['task/', []],
    ['main', []],
    ['feature/42', []],
  ])('is found by its branch: %s', (branch, ids) => {
    expect(tasksOfBranch('org/repo', branch)).toEqual(ids);
  });

  it('has the labels that are mapped', () => {
    const mapping = { labels: { docs: 'agent:docs', urgent: 'now' }, default_labels: ['agent:code'] };
    expect(taskLabels(['docs', 'bug'], mapping)).toEqual(['agent:docs']);
    expect(taskLabels(['urgent'], mapping)).toEqual(['now', 'agent:code']);
    expect(taskLabels(['agent:test', 'agent:\u0007'], mapping)).toEqual(['agent:test']);
    expect(taskLabels(['constructor', '__proto__'], mapping)).toEqual(['agent:code']);
  });
});
