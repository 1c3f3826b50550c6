export interface BoundedDiff {
  text: string;
  total_bytes: number;
  total_files: number;
  /** Whole files that did not fit, in the order of the diff. */
  left_out: Array<{ name: string; bytes: number }>;
  /** The one file that is shown in part, because not even one fits whole. */
  cut: string | null;
}

/**
 * Where a file begins, as git, as Subversion and as plain diff write it; the first that occurs is used. Inside a
 * hunk every line has a character of its own before it, so only the last can be met there, and does no harm.
 */
const FILE_STARTS = [/^(?=diff --git )/m, /^(?=Index: )/m, /^(?=--- .*\n\+\+\+ )/m];
/** Beyond this no header is looked for. */
const HEADER_MAX = 4_096;
const NAME_MAX = 300;

/**
 * Bounds a diff at `maxBytes` (UTF-8): files that fit are kept whole and in order, others left out. Only when
 * no file fits, the first one is cut, at the end of a line where it has one.
 */
export function boundDiff(diff: string, maxBytes: number): BoundedDiff {
  const files = split(diff).map((text) => ({ text, name: nameOf(text), bytes: Buffer.byteLength(text) }));
  const total_bytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const kept: string[] = [];
  const left_out: BoundedDiff['left_out'] = [];
  let room = maxBytes;
  for (const { text, name, bytes } of files) {
    if (bytes <= room) {
      kept.push(text);
      room -= bytes;
    } else left_out.push({ name, bytes });
  }
  const facts = { total_bytes, total_files: files.length };
  const first = files[0];
  if (kept.length > 0 || first === undefined) return { text: kept.join(''), left_out, cut: null, ...facts };
  return { text: cutAt(first.text, maxBytes), left_out: left_out.slice(1), cut: first.name, ...facts };
}

function split(diff: string): string[] {
  if (diff === '') return [];
  const start = FILE_STARTS.find((pattern) => pattern.test(diff));
  return start === undefined ? [diff] : diff.split(start);
}

function nameOf(text: string): string {
  const header = text.slice(0, HEADER_MAX);
  const names = [/^\+\+\+ (?:b\/)?([^\t\r\n]+)/m, /^--- (?:a\/)?([^\t\r\n]+)/m].map(
    (line) => line.exec(header)?.[1],
  );
  const name = names.find((found) => found !== undefined && found !== '/dev/null');
  return (name ?? header.split('\n', 1)[0]?.replace(/^diff --git /, '') ?? '').slice(0, NAME_MAX);
}

function cutAt(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  let end = Math.min(maxBytes, bytes.length);
  // Not within a character: 10xxxxxx is never its first byte.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  const part = bytes.subarray(0, end).toString();
  const lineEnd = part.lastIndexOf('\n');
  // One long line is not given up for the few short ones before it.
  return lineEnd < part.length / 2 ? part : part.slice(0, lineEnd + 1);
}
