import { describe, expect, it } from '@jest/globals';
import { canGoOn, sessionPlace, sessionToResume } from '../../../activities/agent-cli/session';
import { allTemplates } from '../../../activities/agent-cli/templates';
import { agentCheckpointSchema } from '../../../contracts/receipt';

const AT = sessionPlace('box', 'codex-cli');

describe('the session to go on with', () => {
  it.each([
    ['of the same host and template', { session_id: 's-1', session_at: AT }, 's-1'],
    ['of another host', { session_id: 's-1', session_at: sessionPlace('far', 'codex-cli') }, null],
    ['of another template', { session_id: 's-1', session_at: sessionPlace('box', 'claude-code') }, null],
    ['of an agent that pulled the task', { session_id: 's-1' }, null],
    ['that could be an option', { session_id: '--last', session_at: AT }, null],
    ['that could be a path', { session_id: '../../x', session_at: AT }, null],
    ['that there is not', { branch: 'b', session_at: AT }, null],
    ['of no attempt', null, null],
  ])('%s', (_, checkpoint, expected) => {
    expect(sessionToResume(checkpoint, AT)).toBe(expected);
  });

  it('is no other than that of a host itself, whatever an agent says', () => {
    const said = { branch: 'b', session_id: 's-1', session_at: AT };
    expect(agentCheckpointSchema.parse(said)).toEqual({ branch: 'b', session_id: 's-1' });
  });

  it.each([
    ['codex-cli', 'resume {session_id}'],
    ['claude-code', '--resume {session_id}'],
    ['opencode', '--session {session_id}'],
  ])('reaches %s as %s', (name, words) => {
    const groups = allTemplates({})
      .get(name)
      ?.argv.filter((argument) => typeof argument !== 'string');
    expect(groups?.map((group) => group.join(' '))).toContain(words);
  });
});

describe('after an attempt that ended with', () => {
  it.each([
    [null, true, true],
    ['quota', true, true],
    ['exit_code', true, false],
    ['bad_arguments', false, true],
    ['bad_arguments', true, false],
    ['context_limit', false, false],
    ['session_not_found', true, false],
  ])('%s (went on: %s) it can go on: %s', (failure, resumed, expected) => {
    expect(canGoOn(failure, resumed)).toBe(expected);
  });
});
