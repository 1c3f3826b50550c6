import type { TaskKind } from '../../contracts/prompt';

const CODE = new Set([
  'agent:code',
  'agent:test',
  'agent:fix',
  'agent:refactor',
  'agent:docs',
  'agent:document',
]);

/** A review changes nothing, so it goes before code where a task asks for both. */
export function taskKind(labels: readonly string[]): TaskKind {
  if (labels.includes('agent:review')) return 'review';
  return labels.some((label) => CODE.has(label)) ? 'code' : 'other';
}
