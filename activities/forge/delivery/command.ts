/** `/signalbox …` in a comment. Pure. */

export type Command =
  | { name: 'retry' | 'cancel' | 'approve' }
  | { name: 'assign'; to: string }
  /** What was written is not repeated anywhere. */
  | { name: 'unknown' };

const LINE = /^[ \t]{0,3}\/signalbox(?:[ \t]+(.*))?$/im;

/** The first line that is a command; null when there is none. */
export function parseCommand(text: string): Command | null {
  const line = LINE.exec(text.replace(/\r\n?/g, '\n'));
  if (!line) return null;
  const [word = '', ...rest] = (line[1] ?? '').trim().split(/\s+/);
  const name = word.toLowerCase();
  if (name === 'retry' || name === 'cancel' || name === 'approve') {
    return rest.length === 0 ? { name } : { name: 'unknown' };
  }
  const [to] = rest;
  // People write it as they would name one another.
  if (name === 'assign' && to !== undefined && rest.length === 1) return { name, to: to.replace(/^@/, '') };
  return { name: 'unknown' };
}
