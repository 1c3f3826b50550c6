import { describe, expect, it } from '@jest/globals';
import { ZodError } from 'zod';
import { parseGithub } from '../../../api/webhooks/github';
import {
  commentPayload,
  issuePayload,
  pull,
  pullPayload,
  pushPayload,
  reduced,
} from '../../helpers/webhook-payloads';

const NOW = Date.UTC(2026, 5, 1);
const parse = (event: string, payload: unknown) => parseGithub(event, payload, NOW);
const { repository, sender } = reduced;

describe('GitHub', () => {
  it.each([
    ['opened', 'opened'],
    ['labeled', 'labelled'],
    ['unlabeled', 'labelled'],
    ['edited', 'edited'],
    ['closed', 'closed'],
    ['reopened', 'reopened'],
  ])('says of an issue %s, which is %s', (said, action) => {
    expect(parse('issues', issuePayload(said, { pull_request: undefined }))).toEqual({
      kind: 'issue',
      action,
      repository,
      sender,
      issue: reduced.issue,
    });
  });

  it.each(['deleted', 'transferred'])('an issue that is %s is closed', (action) => {
    expect(parse('issues', issuePayload(action))).toMatchObject({ action: 'closed', issue: { open: false } });
  });

  it.each([
    ['opened', 'opened'],
    ['synchronize', 'pushed'],
    ['closed', 'closed'],
  ])('says of a pull request %s, which is %s; its label is no branch', (said, action) => {
    const head = { ...pull.head, label: 'org:task/42-it-breaks' };
    expect(parse('pull_request', pullPayload(said, { head }))).toEqual({
      kind: 'pull',
      action,
      repository,
      sender,
      pull: reduced.pull,
    });
  });

  it.each([
    ['approved', 'approved'],
    ['changes_requested', 'rejected'],
    ['CHANGES_REQUESTED', 'rejected'],
    ['commented', 'comment'],
  ])('says of a review %s, which is %s', (state, verdict) => {
    // Reviews come without `merged`.
    const payload = {
      ...pullPayload('submitted', { merged: undefined }),
      review: { id: 31, state, body: null, user: { login: 'ada' } },
    };
    expect(parse('pull_request_review', payload)).toEqual({
      kind: 'review',
      repository,
      sender,
      verdict,
      body: { inline: '' },
      review_id: 31,
      pull: reduced.pull,
    });
  });

  it('tells by the time that a pull request was merged', () => {
    const payload = {
      ...pullPayload('submitted', { merged: undefined, merged_at: '2026-03-01T11:00:00Z' }),
      review: { id: 31, state: 'approved', body: 'b' },
    };
    expect(parse('pull_request_review', payload)).toMatchObject({ pull: { merged: true } });
  });

  it.each([
    ['pull_request_review', { action: 'dismissed' }],
    ['pull_request_review', { ...pullPayload('submitted'), review: { id: 1, state: 'pending', body: '' } }],
    ['pull_request_review_comment', {}],
    ['pull_request', { action: 'synchronized' }],
    ['issues', { action: 'label_updated' }],
    ['issue_comment', commentPayload('hello')],
    ['ping', { zen: 'Speak like a human.' }],
    ['__proto__', {}],
  ])('says %s, which is of no interest', (event, payload) => {
    expect(parse(event, payload)).toBeNull();
  });

  it('names those who left ghost', () => {
    expect(parse('pull_request', pullPayload('opened', { user: null }))).toMatchObject({
      pull: { author: 'ghost' },
    });
  });

  it('comments and pushes as the others do', () => {
    expect(parse('issue_comment', commentPayload('/signalbox cancel'))).toMatchObject({
      comment: { command: '/signalbox cancel' },
    });
    expect(parse('push', pushPayload())).toMatchObject({ branch: 'task/42-it-breaks' });
  });

  it.each([
    ['pull_request_review', { ...pullPayload('submitted'), review: null }],
    ['pull_request_review', { action: 'submitted' }],
    ['issues', 'opened'],
  ])('is not known to say %s %j', (event, payload) => {
    expect(() => parse(event, payload)).toThrow(ZodError);
  });
});
