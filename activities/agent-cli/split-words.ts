/** A line that could not be taken apart into words; `at` counts characters from 1. */
export class WordsError extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

/** What a shell would do with these; nothing here does it. */
const SHELL_MEANING: Record<string, string> = {
  '|': 'a pipe',
  '&': 'a command in the background',
  ';': 'the end of a command',
  '<': 'a redirection',
  '>': 'a redirection',
  '(': 'a subshell',
  ')': 'a subshell',
  $: 'an expansion',
  '`': 'a command substitution',
  '*': 'a file name pattern',
  '?': 'a file name pattern',
  '[': 'a file name pattern',
  '\n': 'the end of a command',
  '#': 'a comment',
  '~': 'a home directory',
};
const ONLY_AT_START = new Set(['#', '~']);
const ESCAPED_IN_DOUBLE_QUOTES = /["$`\\]/;

/**
 * Takes a line apart as POSIX sh does: blanks, '…', "…" and backslashes. What would need a shell is refused, since
 * there is none. @throws WordsError
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let i = 0;

  const refuse = (char: string, at: number): never => {
    const shown = char === '\n' ? 'a line break' : JSON.stringify(char);
    const meaning = SHELL_MEANING[char];
    throw new WordsError(
      `character ${at + 1} is ${shown}, which means ${meaning} to a shell, and no shell reads this line; ` +
        'quote it, or write a list of arguments',
      at + 1,
    );
  };
  const unclosed = (quote: string, at: number): never => {
    throw new WordsError(`the ${quote} at character ${at + 1} is not closed`, at + 1);
  };

  function singleQuoted(): string {
    const end = line.indexOf("'", i + 1);
    if (end === -1) return unclosed("'", i);
    const text = line.slice(i + 1, end);
    i = end + 1;
    return text;
  }

  function doubleQuoted(): string {
    const open = i;
    let text = '';
    for (i += 1; i < line.length; i++) {
      const char = line.charAt(i);
      if (char === '"') {
        i += 1;
        return text;
      }
      if (char === '$' || char === '`') return refuse(char, i);
      const next = line.charAt(i + 1);
      if (char === '\\' && next === '\n') i += 1;
      else if (char === '\\' && ESCAPED_IN_DOUBLE_QUOTES.test(next)) {
        text += next;
        i += 1;
      } else text += char;
    }
    return unclosed('"', open);
  }

  while (i < line.length) {
    const char = line.charAt(i);
    if (char === ' ' || char === '\t') {
      if (word !== null) words.push(word);
      word = null;
      i += 1;
    } else if (char === "'") word = (word ?? '') + singleQuoted();
    else if (char === '"') word = (word ?? '') + doubleQuoted();
    else if (char === '\\') {
      if (i + 1 === line.length) throw new WordsError('the line ends in a backslash', i + 1);
      const next = line.charAt(i + 1);
      if (next !== '\n') word = (word ?? '') + next;
      i += 2;
    } else if (char in SHELL_MEANING && !(word !== null && ONLY_AT_START.has(char))) refuse(char, i);
    else {
      word = (word ?? '') + char;
      i += 1;
    }
  }
  if (word !== null) words.push(word);
  return words;
}
