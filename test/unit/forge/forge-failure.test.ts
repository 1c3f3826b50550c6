import { describe, expect, it } from '@jest/globals';
import { type ForgeErrorCode, isPassing } from '../../../activities/forge/forge';
import { failureOf, unreachable } from '../../../activities/forge/forge-failure';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const SECRET = 'ghp_0123456789abcdef';

const failure = (status: number, headers: Record<string, string> = {}, body = '') =>
  failureOf({ status, headers: new Headers(headers), body, what: 'GET /repos/o/r/issues/1' }, NOW);

describe('an answer that is no success', () => {
  it.each<[number, ForgeErrorCode, RegExp]>([
    [400, 'rejected', /does not take this request/],
    [401, 'unauthorized', /token, which may be wrong, expired or revoked. Make a new one/],
    [403, 'forbidden', /Give that user the right/],
    [404, 'not_found', /Give that user access/],
    [405, 'rejected', /does not take/],
    [408, 'unavailable', /asked again/],
    [409, 'conflict', /contradicts/],
    [410, 'not_found', /gone/],
    [422, 'rejected', /does not take/],
    [423, 'rejected', /archived or locked/],
    [429, 'rate_limited', /asked again in 60 s/],
    [500, 'unavailable', /its log/],
    [502, 'unavailable', /asked again/],
    [503, 'unavailable', /asked again/],
  ])('%i is %s, with what was asked and what to do', (status, code, advice) => {
    const error = failure(status);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(advice);
    expect(error.message).toContain(`GET /repos/o/r/issues/1: the forge answered ${status}`);
  });

  it('passes by itself only when the forge is away or wants a pause', () => {
    const passing = [401, 403, 404, 409, 422, 429, 500, 503].filter((status) => isPassing(failure(status)));
    expect(passing).toEqual([429, 500, 503]);
  });

  it.each<[string, Record<string, string>, number]>([
    ['seconds', { 'retry-after': '30' }, 30_000],
    ['a date', { 'retry-after': 'Sat, 21 Nov 2026 12:01:00 GMT' }, 60_000],
    ['a date that is over', { 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' }, 0],
    [
      'when the limit begins anew',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 90) },
      90_000,
    ],
    ['a time that no clock explains', { 'retry-after': '999999999' }, 24 * 60 * 60_000],
    [
      'a limit that is not reached',
      { 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': String(NOW / 1000 + 90) },
      60_000,
    ],
    ['nonsense', { 'retry-after': 'soon' }, 60_000],
  ])('429 with %s', (_, headers, wait) => {
    expect(failure(429, headers)).toMatchObject({ code: 'rate_limited', retryAfterMs: wait });
  });

  it.each<[string, Record<string, string>, string, number]>([
    ['Retry-After', { 'retry-after': '5' }, '', 5_000],
    [
      'nothing left',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 10) },
      '',
      10_000,
    ],
    ['a secondary limit', {}, '{"message":"You have exceeded a secondary rate limit."}', 60_000],
  ])('403 with %s is a limit', (_, headers, body, wait) => {
    expect(failure(403, headers, body)).toMatchObject({ code: 'rate_limited', retryAfterMs: wait });
  });

  it('503 tells when to come back', () => {
    expect(failure(503, { 'retry-after': '7' })).toMatchObject({ code: 'unavailable', retryAfterMs: 7_000 });
    expect(failure(503).retryAfterMs).toBeNull();
  });

  it.each<[string, Record<string, string>, string, string]>([
    [
      'Gitea',
      {},
      '{"message":"token does not have at least one of required scope(s), required=[write:issue], token scope=read:user"}',
      'write:issue',
    ],
    [
      'Forgejo',
      {},
      '{"message":"token does not have at least one of required scope(s): [write:repository]"}',
      'write:repository',
    ],
    [
      'GitHub, fine-grained',
      { 'x-accepted-github-permissions': 'issues=write; pull_requests=write' },
      '',
      'issues=write; pull_requests=write',
    ],
    ['GitHub, classic', { 'x-accepted-oauth-scopes': 'repo, public_repo' }, '', 'repo, public_repo'],
  ])('403 of %s names the scope', (_, headers, body, scope) => {
    expect(failure(403, headers, body).message).toContain(`the token lacks a scope, ${scope}.`);
  });

  it('says which fields GitHub does not take', () => {
    const body = JSON.stringify({ errors: [{ resource: 'PullRequest', field: 'head', code: 'invalid' }] });
    expect(failure(422, {}, body).message).toMatch(/\((code|field|head|invalid), (head|invalid)\)$/);
  });

  it('repeats nothing of what was answered', () => {
    for (const status of [400, 401, 403, 404, 409, 422, 423, 429, 500]) {
      const body = JSON.stringify({
        message: `title: Fix the ${SECRET} bug`,
        errors: [{ code: SECRET, field: SECRET }],
      });
      const headers = { 'x-accepted-oauth-scopes': `<${SECRET}>`, 'retry-after': SECRET, location: SECRET };
      expect(failure(status, headers, body).message).not.toMatch(/ghp_|bug/);
    }
  });
});

describe('no answer', () => {
  it('names the reason that Node gives, however deep', () => {
    const error = new TypeError('fetch failed', {
      cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
    });
    expect(unreachable(error, 'GET /version', 20_000)).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        /^GET \/version: the forge cannot be reached \(ECONNREFUSED\)\. Check the `url`/,
      ),
    });
  });

  it('says how long was waited', () => {
    const error = Object.assign(new Error('aborted'), { name: 'TimeoutError' });
    expect(unreachable(error, 'GET /version', 20_000).message).toBe(
      'GET /version: the forge did not answer within 20 s',
    );
  });

  it('does not repeat a message, which may hold a header', () => {
    const error = new TypeError(`"Bearer ${SECRET}\n" is an invalid header value.`);
    expect(unreachable(error, 'GET /version', 20_000).message).not.toContain(SECRET);
  });
});
