/** POSIX sh text as it stands, backslashes too; `\${` and a backslash before a backtick stand for themselves. */
export const sh = (text: TemplateStringsArray): string => text.raw.join('').replace(/\\(`|\$\{)/g, '$1');

/** One word for sh, whatever it holds. Throws on NUL, which no argument can hold. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new RangeError('a shell word cannot hold a NUL');
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** `name='value'` lines. */
export const assignments = (values: Record<string, string | number>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${quote(String(value))}\n`)
    .join('');
