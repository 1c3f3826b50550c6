import { describe, expect, it } from '@jest/globals';
import { ZodError } from 'zod';
import { parseForgejo } from '../../../api/webhooks/forgejo';
import {
  commentPayload,
  issuePayload,
  pull,
  pullPayload,
  pushPayload,
  reduced,
} from '../../helpers/webhook-payloads';

const NOW = Date.UTC(2026, 5, 1);
const parse = (event: string, payload: unknown) => parseForgejo(event, payload, NOW);
const { repository, sender } = reduced;

describe('an issue on Forgejo or Gitea', () => {
  it.each([
    ['opened', 'opened'],
    ['edited', 'edited'],
    ['label_updated', 'labelled'],
    ['closed', 'closed'],
    ['reopened', 'reopened'],
  ])('%s is %s, with all of its state and nothing else', (said, action) => {
    expect(parse('issues', issuePayload(said))).toEqual({
      kind: 'issue',
      action,
      repository,
      sender,
      issue: reduced.issue,
    });
  });

  it.each(['assigned', 'milestoned', '', '__proto__', 'constructor'])('%s is of no interest', (action) => {
    expect(parse('issues', issuePayload(action))).toBeNull();
  });

  it('has no labels when they are cleared, though those of before are told', () => {
    expect(parse('issues', issuePayload('label_cleared'))).toMatchObject({
      action: 'labelled',
      issue: { labels: [] },
    });
  });

  it('is closed when it is deleted, whatever its state says', () => {
    expect(parse('issues', issuePayload('deleted'))).toMatchObject({
      action: 'closed',
      issue: { open: false },
    });
  });

  it('that is a pull request is none', () => {
    expect(parse('issues', issuePayload('edited', { pull_request: {} }))).toBeNull();
  });

  it('of an old server lacks its URL, its labels and its time', () => {
    const old = { html_url: undefined, labels: null, updated_at: undefined, body: null };
    expect(parse('issues', issuePayload('opened', old))).toMatchObject({
      issue: {
        url: 'https://forge.example/org/repo/issues/42',
        labels: [],
        updated_at: NOW,
        body: { inline: '' },
      },
    });
  });

  it('may hold what cannot be stored, which is replaced, and a title without end, which is cut', () => {
    const odd = { title: `${'x'.repeat(499)}\u{1f600}`, body: 'a\0b\ud800c' };
    const event = parse('issues', issuePayload('opened', odd));
    expect(event).toMatchObject({
      issue: { title: `${'x'.repeat(499)}\ufffd`, body: { inline: 'a\ufffdb\ufffdc' } },
    });
  });
});

describe('a pull request on Forgejo or Gitea', () => {
  it.each([
    ['opened', 'opened'],
    ['edited', 'edited'],
    ['synchronized', 'pushed'],
    ['closed', 'closed'],
    ['reopened', 'reopened'],
  ])('%s is %s', (said, action) => {
    expect(parse('pull_request', pullPayload(said))).toEqual({
      kind: 'pull',
      action,
      repository,
      sender,
      pull: reduced.pull,
    });
  });

  it.each(['label_updated', 'review_requested', 'assigned', 'synchronize'])(
    '%s is of no interest',
    (action) => {
      expect(parse('pull_request', { action })).toBeNull();
    },
  );

  it('is merged when it says so', () => {
    const merged = { state: 'closed', merged: true, merged_at: '2026-03-01T11:00:00Z' };
    expect(parse('pull_request', pullPayload('closed', merged))).toMatchObject({
      pull: { open: false, merged: true },
    });
  });

  it('keeps the name of its branch when that is deleted, and may have lost its repository', () => {
    const head = { ...pull.head, ref: 'refs/pull/7/head', repo: null };
    expect(parse('pull_request', pullPayload('closed', { head }))).toMatchObject({
      pull: { head: { branch: 'task/42-it-breaks', repository: null } },
    });
  });

  it.each([
    ['pull_request_approved', 'approved'],
    ['pull_request_rejected', 'rejected'],
    ['pull_request_comment', 'comment'],
  ])('%s is a review: %s', (event, verdict) => {
    const payload = { ...pullPayload('reviewed'), review: { type: event, content: 'Well.' } };
    expect(parse(event, payload)).toEqual({
      kind: 'review',
      repository,
      sender,
      verdict,
      body: { inline: 'Well.' },
      review_id: null,
      pull: reduced.pull,
    });
  });
});

describe('a comment on Forgejo or Gitea', () => {
  it('is kept when it holds a command, and only that', () => {
    const payload = commentPayload('Poor thing.\n/signalbox retry\nThanks!');
    expect(parse('issue_comment', payload)).toEqual({
      kind: 'comment',
      repository,
      sender,
      number: 42,
      is_pull: false,
      comment: { id: 5, command: '/signalbox retry' },
    });
  });

  it('may be on a pull request, by either sign', () => {
    const said = commentPayload('/signalbox approve', { is_pull: true });
    expect(parse('issue_comment', said)).toMatchObject({ is_pull: true });
    const shown = commentPayload('/signalbox approve', {
      is_pull: undefined,
      issue: { number: 7, pull_request: {} },
    });
    expect(parse('issue_comment', shown)).toMatchObject({ is_pull: true, number: 7 });
  });

  it.each([
    commentPayload('no command'),
    commentPayload('/signalbox retry', { action: 'edited' }),
    commentPayload('/signalbox retry', { action: 'deleted' }),
  ])('is of no interest otherwise', (payload) => {
    expect(parse('issue_comment', payload)).toBeNull();
  });
});

describe('a push to Forgejo or Gitea', () => {
  it('names branch and commit', () => {
    expect(parse('push', pushPayload())).toEqual({
      kind: 'push',
      repository,
      sender,
      branch: 'task/42-it-breaks',
      after: 'c'.repeat(40),
    });
  });

  it.each([{ ref: 'refs/tags/v1' }, { after: '0'.repeat(40) }, { after: '0'.repeat(64) }])(
    'of %j is of no interest',
    (over) => {
      expect(parse('push', pushPayload(over))).toBeNull();
    },
  );

  it('may come from nobody', () => {
    expect(parse('push', pushPayload({ sender: null, pusher: { login: 'key' } }))).toMatchObject({
      sender: 'key',
    });
    expect(parse('push', pushPayload({ sender: undefined }))).toMatchObject({ sender: 'ghost' });
  });
});

describe('what is none of Forgejo or Gitea', () => {
  it.each(['wiki', 'release', 'ping', 'pull_request_review'])('%s is of no interest', (event) => {
    expect(parse(event, null)).toBeNull();
  });

  it.each([
    ['issues', null],
    ['issues', []],
    ['issues', { action: 7 }],
    ['issues', { action: 'opened' }],
    ['issues', issuePayload('opened', { number: '42' })],
    ['issues', issuePayload('opened', { number: -1 })],
    ['issues', issuePayload('opened', { labels: 'signalbox' })],
    ['issues', issuePayload('opened', { labels: [null] })],
    ['issues', issuePayload('opened', { updated_at: 'yesterday' })],
    ['issues', issuePayload('opened', { html_url: 'javascript:alert(1)' })],
    ['issues', { ...issuePayload('opened'), repository: { ...repository, full_name: '../..' } }],
    ['issues', { ...issuePayload('opened'), repository: { ...repository, clone_url: 'ext::sh -c id' } }],
    ['pull_request', pullPayload('opened', { head: { ...pull.head, sha: 'HEAD' } })],
    ['pull_request', pullPayload('opened', { head: { ...pull.head, ref: 'a\0b' } })],
    ['push', pushPayload({ ref: 'refs/heads/' })],
    ['push', pushPayload({ after: 'zzz' })],
    ['pull_request_approved', {}],
  ])('%s %j is refused', (event, payload) => {
    expect(() => parse(event, payload)).toThrow(ZodError);
  });
});
