/**
 * Text of agents and of people who may write anything, made harmless for a comment: it mentions nobody, closes no
 * issue, shows no picture, and contains no marker of ours. In code marks a forge reads nothing into a text.
 */

/** Nothing to see, and what stood together stands together no more. */
const GAP = '\u200b';

/** On one line, at most `max` characters. */
export function code(text: string, max = 300): string {
  const line = clean(text).replace(/\s+/g, ' ').trim();
  const short = line.length > max ? `${cut(line, max - 1)}…` : line;
  const marks = '`'.repeat(longestRun(short) + 1);
  const room = /^`|`$/.test(short) ? ' ' : '';
  return short === '' ? '` `' : `${marks}${room}${short}${room}${marks}`;
}

/** With its lines, at most `max` characters. */
export function block(text: string, max = 16_384): string {
  const whole = clean(text).trim();
  const short = whole.length > max ? `${cut(whole, max - 1)}…` : whole;
  const fence = '`'.repeat(Math.max(3, longestRun(short) + 1));
  return `${fence}text\n${short}\n${fence}`;
}

/** For a title, which is no Markdown, but in which a forge may find a person or an issue to close. */
export const title = (text: string, max = 250) =>
  cut(clean(text).replace(/\s+/g, ' ').trim(), max)
    .replace(/@(?=\w)/g, `@${GAP}`)
    .replace(/:\/\//g, `:/${GAP}/`)
    .replace(/\b(clos\w*|fix\w*|resolv\w*|implement\w*)(\b[^#!]{0,80})([#!])(?=\d)/gi, `$1$2$3${GAP}`);

/** Without what cannot be seen, but lines; a comment of HTML cannot begin in it. */
const clean = (text: string) =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/[\p{Cc}\p{Cf}]/gu, (char) => (char === '\n' || char === '\t' ? char : ''))
    .replace(/<!--/g, `<!${GAP}--`);

/** Not in the middle of a character. */
const cut = (text: string, max: number) => text.slice(0, max).replace(/[\ud800-\udbff]$/, '');

const longestRun = (text: string) => Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
