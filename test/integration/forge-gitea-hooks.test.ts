/** What a real Gitea delivers: the names of its events, and that it signs what it sends. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type AnsweringServer, type AskedRequest, answeringServer } from '../helpers/answering-server';
import { GITEA_STARTS_IN_MS, type GiteaServer, type GiteaUser, startGitea } from '../helpers/gitea';
import { createRepository, type GiteaRepository } from '../helpers/gitea-repository';
import { waitUntil } from '../helpers/wait-until';

const SECRET = 'a secret of the hook';

let server: GiteaServer;
let listener: AnsweringServer;
let owner: GiteaUser;
let reviewer: GiteaUser;
let repository: GiteaRepository;

beforeAll(async () => {
  server = await startGitea();
  listener = await answeringServer(() => ({ status: 202, body: {} }));
  owner = await server.createUser('owner');
  reviewer = await server.createUser('reviewer');
  repository = await createRepository(server, owner, 'project');
  await repository.addCollaborator('reviewer', 'write');
  await repository.createHook({ url: `${listener.url}/webhooks/gitea/here`, secret: SECRET });
}, GITEA_STARTS_IN_MS);

afterAll(async () => {
  await server?.stop();
  await listener?.close();
});

interface Payload {
  action?: string;
  issue?: { number: number; labels: Array<{ name: string }> };
}

const typeOf = ({ headers }: AskedRequest) => String(headers['x-gitea-event-type']);
const labelsOf = ({ body }: AskedRequest) => ((body as Payload).issue?.labels ?? []).map(({ name }) => name);

/** Waits for a delivery of this type and action. */
const delivered = (type: string, action?: string, fits: (delivery: AskedRequest) => boolean = () => true) =>
  waitUntil(
    () =>
      listener.asked.find(
        (one) =>
          typeOf(one) === type &&
          (action === undefined || (one.body as Payload).action === action) &&
          fits(one),
      ),
    { what: `a delivery ${type} ${action ?? ''}` },
  );

it('delivers what people do, signed', async () => {
  const issue = await repository.createIssue(owner, { title: 'One', labels: ['signalbox'] });
  const opened = await delivered('issues', 'opened');
  expect(opened.headers['x-gitea-event']).toBe('issues');
  expect(labelsOf(opened)).toEqual(['signalbox']);
  // Once more for its labels, with the same action as for any other change of them.
  await delivered('issue_label', 'label_updated', (one) => labelsOf(one).includes('signalbox'));
  await repository.setLabels(owner, issue.number, ['signalbox', 'agent:code']);
  await delivered('issue_label', 'label_updated', (one) => labelsOf(one).length === 2);
  await repository.setLabels(owner, issue.number, []);
  await delivered('issue_label', 'label_updated', (one) => labelsOf(one).length === 0);
  await owner.api.repos.issueEditIssue('owner', 'project', issue.number, { title: 'Uno' });
  await delivered('issues', 'edited');
  await owner.api.repos.issueCreateComment('owner', 'project', issue.number, { body: '/signalbox retry' });
  await delivered('issue_comment', 'created');

  const sha = await repository.push({ as: owner, branch: 'task/1-one', files: { one: '1\n' } });
  const push = await delivered('push');
  const { number } = await repository.openPull(owner, { head: 'task/1-one', title: 'One' });
  await delivered('pull_request', 'opened');
  const comments = [{ path: 'one', new_position: 1, body: 'why' }];
  await repository.review(reviewer, number, { event: 'REQUEST_CHANGES', body: 'no', comments });
  await delivered('pull_request_review_rejected', 'reviewed');
  await repository.push({ as: owner, branch: 'task/1-one', files: { one: '2\n' } });
  await delivered('pull_request_sync', 'synchronized');
  await repository.review(reviewer, number, { event: 'APPROVED', body: 'yes' });
  await delivered('pull_request_review_approved', 'reviewed');
  await repository.merge(owner, number);
  const closed = await delivered('pull_request', 'closed');

  expect(push.body).toMatchObject({ ref: 'refs/heads/task/1-one', after: sha });
  expect(closed.body).toMatchObject({ pull_request: { merged: true, number } });
  const ids = listener.asked.map(({ headers }) => headers['x-gitea-delivery']);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { headers, text, path } of listener.asked) {
    expect(path).toBe('/webhooks/gitea/here');
    const signature = createHmac('sha256', SECRET).update(text).digest('hex');
    expect(headers['x-gitea-signature']).toBe(signature);
    expect(headers['x-hub-signature-256']).toBe(`sha256=${signature}`);
  }
});

it('does not always deliver the labels that an issue has', async () => {
  const issue = await repository.createIssue(owner, { title: 'Labels', labels: ['one', 'two'] });
  const at = ['owner', 'project', issue.number] as const;
  const ofIt = (one: AskedRequest) => (one.body as Payload).issue?.number === issue.number;
  const after = async (change: Promise<unknown>, action: string) => {
    const before = new Set(listener.asked);
    await change;
    const delivery = await delivered('issue_label', action, (one) => ofIt(one) && !before.has(one));
    const { data } = await owner.api.repos.issueGetLabels(...at);
    return { delivered: labelsOf(delivery), has: data.map(({ name }) => name) };
  };
  await delivered('issue_label', 'label_updated', ofIt);
  const three = await repository.createLabel('three');
  await expect(
    after(owner.api.repos.issueReplaceLabels(...at, { labels: [three.id ?? 0] }), 'label_updated'),
  ).resolves.toEqual({ delivered: [], has: ['three'] });
  await expect(after(owner.api.repos.issueClearLabels(...at), 'label_cleared')).resolves.toEqual({
    delivered: ['three'],
    has: [],
  });
});
