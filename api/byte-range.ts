/** The header Range (RFC 9110, 14.2) for one range of bytes. Pure. */

/** Half-open, in bytes. */
export interface Slice {
  start: number;
  end: number;
}

/**
 * `whole`: no range was asked for, or one that a server may ignore (another unit, several ranges, nonsense).
 * `unsatisfiable`: 416.
 */
export function byteRange(header: string | undefined, size: number): Slice | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match) return 'whole';
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return 'whole';
  if (from === '') {
    const last = Number(to);
    return last === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - last), end: size };
  }
  const start = Number(from);
  const end = to === '' ? size : Math.min(size, Number(to) + 1);
  if (to !== '' && Number(to) < start) return 'whole';
  return start >= size ? 'unsatisfiable' : { start, end };
}
