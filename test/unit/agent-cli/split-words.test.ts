import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { splitWords, WordsError } from '../../../activities/agent-cli/split-words';

describe('a line', () => {
  it.each([
    ["codex exec --json '{prompt}'", ['codex', 'exec', '--json', '{prompt}']],
    ['  a\t b  ', ['a', 'b']],
    [`a'b c'"d e"f\\ g`, ['ab cd ef g']],
    [`"" '' a`, ['', '', 'a']],
    [`"a\\"b\\\\c\\n"`, ['a"b\\c\\n']],
    [`'a\\'`, ['a\\']],
    ['a\\\nb', ['ab']],
    [`'|' "&" \\; a#b a~`, ['|', '&', ';', 'a#b', 'a~']],
    [`'$HOME' '\`id\`'`, ['$HOME', '`id`']],
    ['', []],
  ])('%j is %j', (line, words) => expect(splitWords(line)).toEqual(words));

  it.each([
    ['a | b', 3, 'a pipe'],
    ['a && b', 3, 'a command in the background'],
    ['a > b', 3, 'a redirection'],
    ['a $HOME', 3, 'an expansion'],
    ['a "$(id)"', 4, 'an expansion'],
    ['a "`id`"', 4, 'a command substitution'],
    ['a `id`', 3, 'a command substitution'],
    ['a *.txt', 3, 'a file name pattern'],
    ['a ~/b', 3, 'a home directory'],
    ['a # b', 3, 'a comment'],
    ['a\nb', 2, 'the end of a command'],
    ["a 'b", 3, 'not closed'],
    ['a "b', 3, 'not closed'],
    ['a \\', 3, 'backslash'],
  ])('%j is refused at character %i: %s', (line, at, why) => {
    expect(() => splitWords(line)).toThrow(
      expect.objectContaining({ at, message: expect.stringContaining(why) }),
    );
  });

  it('comes apart as the sh of this machine takes it apart, or is refused', () => {
    const part = fc.constantFrom(...`'"\\ \t|&;<>()$\`*?[]#~{}=!%ab1-é\n`);
    const line = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));
    let taken = 0;
    fc.assert(
      fc.property(line, (text) => {
        let words: string[];
        try {
          words = splitWords(text);
        } catch (error) {
          expect(error).toBeInstanceOf(WordsError);
          return;
        }
        taken += 1;
        const script = `set -- ${text}\nfor w in "$@"; do printf '%s\\0' "$w"; done`;
        const printed = execFileSync('/bin/sh', ['-c', script], { cwd: '/' }).toString();
        expect(printed.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 600 },
    );
    expect(taken).toBeGreaterThan(20);
  });
});
