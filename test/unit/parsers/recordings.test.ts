/** Real recordings, where they lie beside the project; the project itself holds none. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CLI_NAMES, type CliName } from '../../../contracts/template';
import { parse } from './streams';

const SAMPLES = join(__dirname, '..', '..', '..', '..', 'shared', 'samples');

/** What is expected with exit code 0. */
const RECORDINGS: Array<[CliName, string, RegExp]> = [
  ['codex', 'codex/agentcmd-stream-output-1.jsonl', /^completed 4$/],
  ['codex', 'codex/agentcmd-stream-output-2.jsonl', /^completed Files here/],
  ['codex', 'codex/agentcmd-stream-output-3.jsonl', /^completed Created .* \["\S+\/hello.txt"\]$/],
  ['codex', 'codex/bgagents-codex.jsonl', /^completed 1\. `2 \+ 2 = 4`/],
  ['codex', 'codex/takopi-all-formats.jsonl', /^agent_failed Aborted: required dependency/],
  ['codex', 'codex/hyperyolo-text-banner.txt', /^malformed_output/],
  ['text', 'codex/hyperyolo-text-banner.txt', /^completed codex 0\.66\.0/],
  ['claude', 'claude/bgagents-claude.jsonl', /^completed All tasks completed.* \["\S+\/hello.txt"\]$/],
  ['claude', 'claude/gleam-sdk-result_success.json', /^completed Here are the files/],
  ['claude', 'claude/gleam-sdk-result_error.json', /^agent_failed error_during_execution/],
  ['claude', 'claude/takopi-stream-json-session.jsonl', /^permission_denied Permission denied/],
  ['claude', 'other-cli/bgagents-droid.jsonl', /^no_terminal_event/],
  ['gemini', 'other-cli/bgagents-gemini.jsonl', /^completed I have calculated the sum.* \["hello.txt"\]$/],
  ['opencode', 'other-cli/bgagents-opencode.jsonl', /^completed All 4 tasks complete/],
  ['opencode', 'other-cli/opencode-stream-success.jsonl', /^completed ```/],
  ['opencode', 'other-cli/opencode-stream-error.jsonl', /^quota APIError: Rate limit exceeded/],
  ['text', 'other-cli/bgagents-goose.jsonl', /^completed /],
];

const there = RECORDINGS.filter(([, file]) => existsSync(join(SAMPLES, file)));
const all = ['codex', 'claude', 'other-cli']
  .map((folder) => join(SAMPLES, folder))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));

describe('recordings', () => {
  it.each(there)('%s %s', async (cli, file, expected) => {
    const bytes = readFileSync(join(SAMPLES, file));
    const { receipt, failure } = await parse(cli, bytes);
    const files = receipt?.artifacts.changed_files;
    const told = receipt === null ? `${failure?.code} ${failure?.message}` : `completed ${receipt.summary}`;
    expect(files === undefined ? told : `${told} ${JSON.stringify(files)}`).toMatch(expected);
  });

  it.each(there.filter(([cli]) => cli !== 'text'))('%s %s, cut in half, is no success', async (cli, file) => {
    const bytes = readFileSync(join(SAMPLES, file));
    expect((await parse(cli, bytes.subarray(0, bytes.length / 2))).receipt).toBeNull();
  });

  it.each(CLI_NAMES)('read as %s, each gives a receipt or a failure', async (cli) => {
    for (const file of all) {
      const { receipt, failure } = await parse(cli, readFileSync(file), { exit_code: 1 });
      expect({ file, one: (receipt === null) !== (failure === null) }).toEqual({ file, one: true });
    }
  });
});
