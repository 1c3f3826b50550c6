/** What a real Gitea delivers, from the issue to the merge. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Delivery, ForgeEvent } from '../../contracts/forge';
import type { Role } from '../../workers/role';
import { startTestApi, type TestApi } from '../helpers/api-server';
import { WEBHOOK_SECRET } from '../helpers/deliveries';
import { startDeliveryWorker } from '../helpers/delivery-worker';
import { withForges } from '../helpers/forges';
import { GITEA_STARTS_IN_MS, type GiteaServer, type GiteaUser, startGitea } from '../helpers/gitea';
import { createRepository, type GiteaRepository } from '../helpers/gitea-repository';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { waitUntil } from '../helpers/wait-until';

let engine: TestNamespace;
let api: TestApi;
let worker: Role;
let gitea: GiteaServer;
let ada: GiteaUser;
let bob: GiteaUser;
let repository: GiteaRepository;
const handled: Delivery[] = [];

beforeAll(async () => {
  engine = await createNamespace('webhooks-gitea');
  api = await startTestApi(engine.temporal, withForges());
  worker = await startDeliveryWorker(engine.temporal, async (delivery) => {
    handled.push(delivery);
    return [];
  });
  gitea = await startGitea();
  ada = await gitea.createUser('ada');
  bob = await gitea.createUser('bob');
  repository = await createRepository(gitea, ada, 'engine');
  await repository.addCollaborator('bob', 'write');
  await repository.createHook({ url: `${api.url}/webhooks/gitea/gitea`, secret: WEBHOOK_SECRET });
}, GITEA_STARTS_IN_MS);
afterAll(async () => {
  await gitea?.stop();
  await worker?.stop();
  await api?.stop();
  await engine?.close();
});

type Of<K extends ForgeEvent['kind']> = Extract<ForgeEvent, { kind: K }>;

/** The first event of this kind that is as expected. */
const event = <K extends ForgeEvent['kind']>(kind: K, what: string, fits: (one: Of<K>) => boolean) =>
  waitUntil(
    () =>
      handled.map((one) => one.event).find((one): one is Of<K> => one.kind === kind && fits(one as Of<K>)),
    {
      what,
    },
  );

describe('Gitea delivers', () => {
  let issue: number;
  let pull: number;
  let head: string;
  const branch = 'task/1-mend-it';

  it('an issue, with its labels', async () => {
    const made = await repository.createIssue(ada, {
      title: 'It breaks',
      body: 'When it rains.',
      labels: ['signalbox'],
    });
    issue = made.number;
    const found = await event('issue', 'the labelled issue', (one) => one.issue.labels.includes('signalbox'));
    expect(found).toMatchObject({
      repository: { full_name: 'ada/engine', clone_url: repository.clone_url, default_branch: 'main' },
      sender: 'ada',
      issue: {
        number: issue,
        title: 'It breaks',
        body: { inline: 'When it rains.' },
        open: true,
        url: `${gitea.url}/ada/engine/issues/${issue}`,
      },
    });
    expect(Math.abs(Date.now() - found.issue.updated_at)).toBeLessThan(300_000);
  });

  it('its changes: title, labels, closed and opened again', async () => {
    await ada.api.repos.issueEditIssue('ada', 'engine', issue, { title: 'It breaks often' });
    await event(
      'issue',
      'the new title',
      (one) => one.action === 'edited' && one.issue.title === 'It breaks often',
    );
    const { id = 0 } = await repository.createLabel('agent:code');
    // Not by issueReplaceLabels: what Gitea 1.26 delivers then says that there are none.
    await ada.api.repos.issueAddLabel('ada', 'engine', issue, { labels: [id] });
    await event('issue', 'two labels', (one) => one.action === 'labelled' && one.issue.labels.length === 2);
    await ada.api.repos.issueClearLabels('ada', 'engine', issue);
    await event('issue', 'no labels', (one) => one.action === 'labelled' && one.issue.labels.length === 0);
    await ada.api.repos.issueEditIssue('ada', 'engine', issue, { state: 'closed' });
    await event('issue', 'the closed issue', (one) => one.action === 'closed' && !one.issue.open);
    await ada.api.repos.issueEditIssue('ada', 'engine', issue, { state: 'open' });
    await event('issue', 'the open issue', (one) => one.action === 'reopened' && one.issue.open);
  });

  it('a command in a comment, and of other comments nothing', async () => {
    const comment = (body: string) => bob.api.repos.issueCreateComment('ada', 'engine', issue, { body });
    await comment('Poor thing.');
    const { data } = await comment('Once more:\n/signalbox retry');
    const found = await event('comment', 'the command', () => true);
    expect(found).toMatchObject({
      sender: 'bob',
      number: issue,
      is_pull: false,
      comment: { id: data.id, command: '/signalbox retry' },
    });
    expect(handled.filter((one) => one.event.kind === 'comment')).toHaveLength(1);
  });

  it('a push, and the pull request of its branch', async () => {
    head = await repository.push({ as: bob, branch, files: { 'mended.txt': 'yes' } });
    await event(
      'push',
      'the push',
      (one) => one.branch === branch && one.after === head && one.sender === 'bob',
    );
    pull = (await repository.openPull(bob, { head: branch, title: 'Mend it' })).number;
    const found = await event('pull', 'the pull request', (one) => one.action === 'opened');
    expect(found.pull).toMatchObject({
      number: pull,
      author: 'bob',
      head: { branch, sha: head, repository: 'ada/engine' },
      base: 'main',
      open: true,
      merged: false,
    });
  });

  it('reviews, and what is pushed between them', async () => {
    await repository.review(ada, pull, { event: 'REQUEST_CHANGES', body: 'Not so.' });
    const rejected = await event('review', 'the rejection', (one) => one.verdict === 'rejected');
    expect(rejected).toMatchObject({ sender: 'ada', body: { inline: 'Not so.' }, pull: { number: pull } });
    expect(rejected.pull.head.sha).toBe(head);
    head = await repository.push({ as: bob, branch, files: { 'mended.txt': 'well' } });
    await event('pull', 'the second round', (one) => one.action === 'pushed' && one.pull.head.sha === head);
    await repository.review(ada, pull, { event: 'COMMENT', body: 'Well.' });
    await event('review', 'the comment', (one) => one.verdict === 'comment');
    await repository.review(ada, pull, { event: 'APPROVED', body: 'So.' });
    const approved = await event('review', 'the approval', (one) => one.verdict === 'approved');
    expect(approved.pull.head.sha).toBe(head);
    await bob.api.repos.issueCreateComment('ada', 'engine', pull, { body: '/signalbox approve' });
    await event('comment', 'a command on it', (one) => one.is_pull && one.number === pull);
  });

  it('the merge, by the name of a branch that is gone', async () => {
    await repository.merge(ada, pull, { delete_branch_after_merge: true });
    const merged = await event('pull', 'the merge', (one) => one.action === 'closed');
    expect(merged.pull).toMatchObject({
      number: pull,
      open: false,
      merged: true,
      head: { branch, sha: head },
    });
    // What is said of it later names the branch no more, but in its label.
    await ada.api.repos.repoEditPullRequest('ada', 'engine', pull, { title: 'Mended' });
    const edited = await event('pull', 'its new title', (one) => one.pull.title === 'Mended');
    expect(edited.pull).toMatchObject({ merged: true, head: { branch } });
  });

  it('a form as well, and without a secret nothing that counts', async () => {
    const other = await createRepository(gitea, ada, 'forms');
    const hook = (content_type: string, secret: string) =>
      ada.api.repos.repoCreateHook('ada', 'forms', {
        type: 'gitea',
        config: { url: `${api.url}/webhooks/gitea/gitea`, content_type, secret },
        events: ['issues'],
        active: true,
      });
    const title = 'a + b & c = ü %';
    await hook('json', '');
    await hook('form', '');
    await hook('form', WEBHOOK_SECRET);
    await other.createIssue(ada, { title });
    await event('issue', 'the issue of a form', (one) => one.issue.title === title);
    await other.createIssue(ada, { title: 'the last' });
    await event('issue', 'the next one', (one) => one.issue.title === 'the last');
    expect(
      handled.filter(({ event: one }) => one.kind === 'issue' && one.issue.title === title),
    ).toHaveLength(1);
  });

  it('each of them once', () => {
    const ids = handled.map((one) => one.delivery_id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
