import type { TaskKind } from '../../contracts/prompt';
import { redact } from '../workspace/redact';
import { quoted } from './plain-line';
import type { PromptInput } from './prompt-input';
import type { Section } from './sections';

/** Where the work is done, and what becomes of it. */
export function place(input: PromptInput, kind: TaskKind): Section {
  if (input.repository === null) {
    return {
      heading: 'Work directory',
      parts: ['- The current directory. It is not a clone of a repository.'],
    };
  }
  // A URL may hold credentials, which no model needs.
  const repository = quoted(redact(input.repository));
  const lines = [
    `- The current directory is a clone of ${repository}, on the branch ${quoted(input.branch_name)}.`,
    ...earlierWork(input),
    ...(kind === 'review' ? [] : [KEEP[kind]]),
  ];
  return { heading: 'Work directory', parts: [lines.join('\n')] };
}

const HOW =
  'on this branch, in commits with a message that says why. Do not switch branches and do not rewrite commits that are there; the branch is pushed for you.';
const KEEP: Record<Exclude<TaskKind, 'review'>, string> = {
  code: `- Commit your work ${HOW}`,
  other: `- If you change files, commit them ${HOW}`,
};

function earlierWork({ checkpoint }: PromptInput): string[] {
  const { branch, commit } = checkpoint ?? {};
  if (branch === undefined && commit === undefined) return [];
  const where = [
    commit === undefined ? '' : `up to commit ${quoted(commit)}`,
    branch === undefined ? '' : `on the branch ${quoted(branch)}`,
  ];
  const told = where.filter((text) => text !== '').join(' ');
  return [`- An earlier attempt left work ${told}: look at the log first, and go on from there.`];
}
