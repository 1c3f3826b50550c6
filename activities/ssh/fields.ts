/**
 * What the scripts print: `key value` lines, an empty line, then bytes. A key may come more than once
 * (`rc code=0`, `rc reason=exit`): the key then is the line up to its `=`, or its first blank.
 */
export function parseFields(stdout: Buffer): { fields: Map<string, string>; rest: Buffer } {
  const end = stdout.indexOf('\n\n');
  const head = (end === -1 ? stdout : stdout.subarray(0, end)).toString();
  const fields = new Map<string, string>();
  for (const line of head.split('\n')) {
    const [, key, value] = /^((?:rc )?[^ =]+)[ =]?(.*)$/.exec(line) ?? [];
    if (key !== undefined) fields.set(key, (value ?? '').trim());
  }
  return { fields, rest: end === -1 ? Buffer.alloc(0) : stdout.subarray(end + 2) };
}
