import type { TaskKind } from '../../contracts/prompt';
import { type BoundedDiff, boundDiff } from './bound-diff';
import { plainLine } from './plain-line';
import type { PromptInput } from './prompt-input';
import type { Data, Section } from './sections';

const DIFF_MAX_BYTES = 200_000;
/** Names of files in one list; more are only counted. */
const LISTED_MAX = 500;

/** Names come from a change, and may be made to read like anything: they are data. */
export function affectedFiles(files: readonly string[]): Section | null {
  if (files.length === 0) return null;
  return {
    heading: 'Affected files',
    parts: [
      'The work is expected to touch these. Touch others only where it is needed, and say why.',
      { of: 'affected files', text: listed(files) },
    ],
  };
}

/** The change as it stands, bounded; a review without one is told to find it. */
export function diffParts({ diff, diff_max_bytes }: PromptInput, kind: TaskKind): Section | null {
  if (diff === undefined || diff === null || diff === '') {
    if (kind !== 'review') return null;
    return {
      heading: 'Change',
      parts: ['No diff was given: find with git what the branch changes against the one it came from.'],
    };
  }
  const bounded = boundDiff(diff, diff_max_bytes ?? DIFF_MAX_BYTES);
  const parts: Array<string | Data> = [];
  if (bounded.text !== '') parts.push({ of: 'diff', text: bounded.text });
  const note = leftOut(bounded, kind);
  if (note !== null) parts.push(note);
  const names = bounded.left_out.map(({ name, bytes }) => `${name} (${bytes} bytes)`);
  if (names.length > 0) parts.push({ of: 'files left out', text: listed(names) });
  return { heading: 'Change', parts };
}

function leftOut(
  { text, total_bytes, total_files, left_out, cut }: BoundedDiff,
  kind: TaskKind,
): string | null {
  if (left_out.length === 0 && cut === null) return null;
  const missing = total_bytes - Buffer.byteLength(text);
  const shown = total_files - left_out.length;
  return [
    `The diff is too long to be shown whole: ${missing} of its ${total_bytes} bytes are left out.`,
    `${shown} of its ${total_files} files ${shown === 1 ? 'is' : 'are'} shown${cut === null ? '' : ', and that one only in part'}.`,
    'Read the rest in the work directory with git.',
    ...(kind === 'review' ? ['Do not approve what you have not read.'] : []),
  ].join(' ');
}

function listed(names: readonly string[]): string {
  const lines = names.slice(0, LISTED_MAX).map(plainLine);
  if (names.length > LISTED_MAX) lines.push(`… and ${names.length - LISTED_MAX} more`);
  return lines.join('\n');
}
