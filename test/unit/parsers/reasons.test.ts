import { describe, expect, it } from '@jest/globals';
import { classify } from '../../../activities/agent-cli/parsers/classify';
import { REMEDIES } from '../../../activities/agent-cli/parsers/failures';
import { pullRequestUrl } from '../../../activities/agent-cli/parsers/final-text';
import { epochToIso, resetTime } from '../../../activities/agent-cli/parsers/reset-time';
import { codex, NOW, parse } from './streams';

describe('reasons', () => {
  const words: Array<[string, string | null]> = [
    ["You've hit your session limit · resets 8:30pm (Asia/Tokyo)", 'quota'],
    ['Claude AI usage limit reached|1795262400', 'quota'],
    ['5-hour limit reached ∙ resets 3pm', 'quota'],
    ['Quota exceeded. Check your plan and billing details.', 'quota'],
    ['exceeded retry limit, last status: 429 Too Many Requests', 'quota'],
    ['{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}', 'quota'],
    ['API Error: 401 {"type":"error","error":{"type":"authentication_error"}}', 'auth'],
    ['unexpected status 401 Unauthorized: Missing bearer or basic authentication in header', 'auth'],
    ['API key not valid. Please pass a valid API key.', 'auth'],
    ['OAuth token has expired. Please obtain a new token', 'auth'],
    ['Your access token could not be refreshed because your refresh token was revoked.', 'auth'],
    ['Reached maximum number of turns (40)', 'max_turns'],
    ['rollout token budget exceeded', 'budget'],
    ["Codex ran out of room in the model's context window.", 'context_limit'],
    ['prompt is too long: 210000 tokens > 200000 maximum', 'context_limit'],
    ['The model `x-9` does not exist or you do not have access to it', 'model_unavailable'],
    ["error: unexpected argument '--full-auto' found", 'bad_arguments'],
    ['stream disconnected before completion: connection reset', 'api_error'],
    ['API Error: 529 {"error":{"type":"overloaded_error"}}', 'api_error'],
    ['request failed: getaddrinfo ENOTFOUND api.test', 'api_error'],
    ['all 429 tests passed on line 401', null],
    ['wrote the budget page and a limit', null],
  ];
  it.each(words)('%s: %s', (text, code) => {
    expect(classify(text)?.code ?? null).toBe(code);
  });

  it('each code has a remedy', () => {
    for (const remedy of Object.values(REMEDIES)) expect(remedy).toMatch(/^[A-Z].{20,}\.$/);
  });

  const ends: Array<[number | null, string, string]> = [
    [127, 'sh: 1: codex: not found', 'missing_cli'],
    [126, 'sh: 1: codex: Permission denied', 'missing_cli'],
    [137, '', 'interrupted'],
    [143, '', 'interrupted'],
    [null, '', 'interrupted'],
    [2, 'strange', 'exit_code'],
  ];
  it.each(ends)('exit code %p, stderr %j, no output: %s', async (exit_code, stderr, code) => {
    const { failure } = await parse('claude', '', { exit_code, stderr });
    expect(failure).toMatchObject({ code, remedy: REMEDIES[code as keyof typeof REMEDIES], resets_at: null });
    expect(failure?.message).toContain(stderr);
  });
});

describe('reset times', () => {
  // Now is Saturday 2026-11-21 12:00 UTC: 13:00 in Berlin, 21:00 in Tokyo, 07:00 in New York.
  const times: Array<[string, string | null]> = [
    ['usage limit reached|1795262400', '2026-11-21T12:00:00.000Z'],
    ['"resets_at":1795262400,"x":1', '2026-11-21T12:00:00.000Z'],
    ['"resetsAt": 1795262400000', '2026-11-21T12:00:00.000Z'],
    ['"X-Codex-Primary-Reset-At":"1795262400"', '2026-11-21T12:00:00.000Z'],
    ['"resets_in_seconds":13872', '2026-11-21T15:51:12.000Z'],
    ['retry-after: 60', '2026-11-21T12:01:00.000Z'],
    ['"retryDelay": "34.5s"', '2026-11-21T12:00:34.500Z'],
    ['Please retry in 34.5s.', '2026-11-21T12:00:34.500Z'],
    ['try again in 3h 20m', '2026-11-21T15:20:00.000Z'],
    ['or try again in 2 days 17 hours 14 minutes.', '2026-11-24T05:14:00.000Z'],
    ['try again in 1 hour and 5 minutes', '2026-11-21T13:05:00.000Z'],
    ['try again in less than a minute', '2026-11-21T12:01:00.000Z'],
    ['Your quota will reset after 14h32m20s.', '2026-11-22T02:32:20.000Z'],
    ['Try again in 750ms', '2026-11-21T12:00:00.750Z'],
    ['resets at 2026-11-22T03:04:05Z', '2026-11-22T03:04:05.000Z'],
    ['available again after 2026-11-22 03:04 UTC', '2026-11-22T03:04:00.000Z'],
    ['reset: 2026-11-22T03:04:05.5+02:00', '2026-11-22T01:04:05.500Z'],
    ['resets 5pm (Europe/Berlin)', '2026-11-21T16:00:00.000Z'],
    ['resets 1pm (Europe/Berlin)', '2026-11-21T12:00:00.000Z'],
    ['resets 12pm (Europe/Berlin)', '2026-11-22T11:00:00.000Z'],
    ['resets 12:50am (America/Los_Angeles)', '2026-11-22T08:50:00.000Z'],
    ['resets at 8:30pm (Asia/Tokyo)', '2026-11-22T11:30:00.000Z'],
    ['Your limit will reset at 13:30 (UTC).', '2026-11-21T13:30:00.000Z'],
    ['resets 9pm UTC', '2026-11-21T21:00:00.000Z'],
    ['resets Dec 1, 11am (Europe/Berlin)', '2026-12-01T10:00:00.000Z'],
    ['resets Feb 16, 11am (Europe/Berlin)', '2027-02-16T10:00:00.000Z'],
    ['resets Jul 1 at 11am (Europe/Berlin)', '2027-07-01T09:00:00.000Z'],
    ['try again at Nov 23rd, 2026 9:46 AM (UTC)', '2026-11-23T09:46:00.000Z'],
    ['try again at 12:16 PM.', null],
    ['resets 5', null],
    ['resets 25:00 (UTC)', null],
    ['resets 5pm (Atlantis/Capital)', null],
    ['try again later', null],
    ['it took 3h 20m', null],
  ];
  it.each(times)('%s: %s', (text, expected) => {
    expect(resetTime(text, NOW)).toBe(expected);
  });

  it('a time of day without a zone is that of the host, where that is known', () => {
    expect(resetTime('try again at 3:16 PM.', NOW, 'Europe/Berlin')).toBe('2026-11-21T14:16:00.000Z');
    expect(resetTime('try again at 3:16 PM.', NOW, '+0530')).toBe('2026-11-22T09:46:00.000Z');
    expect(resetTime('try again at 3:16 PM.', NOW, '-0330')).toBe('2026-11-21T18:46:00.000Z');
  });

  it('a day when the clocks change', () => {
    const before = Date.UTC(2026, 9, 24, 12);
    expect(resetTime('resets Oct 25, 1:30am (Europe/Berlin)', before)).toBe('2026-10-24T23:30:00.000Z');
    expect(resetTime('resets Oct 25, 5am (Europe/Berlin)', before)).toBe('2026-10-25T04:00:00.000Z');
  });

  it('numbers are seconds or milliseconds by their size', () => {
    expect(epochToIso(1_795_262_400)).toBe('2026-11-21T12:00:00.000Z');
    expect(epochToIso(1_795_262_400_000)).toBe('2026-11-21T12:00:00.000Z');
    expect([epochToIso(12), epochToIso(Number.NaN), epochToIso('1795262400')]).toEqual([null, null, null]);
  });

  it('texts made to be slow are not', () => {
    const hostile = ['exceed', 'retry-after:1', 'again 1s ', 'resets   ', 'http://a/pull/', '\r', 'invalid '];
    const started = performance.now();
    for (const piece of hostile) {
      const text = piece.repeat(262_144 / piece.length);
      classify(text);
      resetTime(text, NOW);
      pullRequestUrl(text);
    }
    // Generous: quadratic ones take minutes.
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});

describe('addresses of pull requests', () => {
  const addresses: Array<[string, string | null]> = [
    ['See https://github.test/o/r/pull/12.', 'https://github.test/o/r/pull/12'],
    ['[PR](https://forge.test/o/r/pulls/3)', 'https://forge.test/o/r/pulls/3'],
    ['http://lab.test/g/sub/r/-/merge_requests/44/diffs', 'http://lab.test/g/sub/r/-/merge_requests/44'],
    ['https://h.test/o/r/pull/1 then https://h.test/o/r/pull/2', 'https://h.test/o/r/pull/2'],
    ['https://user:token@h.test/o/r/pull/5#issue', 'https://h.test/o/r/pull/5'],
    ['https://h.test/o/r/pull/new/branch', null],
    ['https://h.test/o/r/pull/5x', null],
    ['ftp://h.test/o/r/pull/5', null],
    ['no address', null],
  ];
  it.each(addresses)('%s', async (text, url) => {
    expect(pullRequestUrl(text)).toBe(url);
    expect((await parse('codex', codex.run(text))).receipt?.artifacts.pr_url ?? null).toBe(url);
  });
});
