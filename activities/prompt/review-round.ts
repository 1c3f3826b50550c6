import type { TaskKind } from '../../contracts/prompt';
import type { Finding } from '../../contracts/receipt';
import type { PromptInput } from './prompt-input';
import type { Data, Section } from './sections';

/** After a review that did not approve: what it found, and what had been handed in. */
export function previousRound({ findings, handed_in }: PromptInput, kind: TaskKind): Section | null {
  const parts: Array<string | Data> = [];
  if (findings.length > 0) {
    parts.push(ASKED[kind === 'review' ? 'review' : 'work']);
    parts.push({ of: 'findings', text: findings.map(findingLine).join('\n') });
  }
  if (handed_in) parts.push('The last attempt handed in:', { of: 'handed in', text: handedIn(handed_in) });
  return parts.length > 0 ? { heading: 'The round before', parts } : null;
}

const ASKED = {
  work: 'The last attempt was reviewed and not accepted. Address each finding; where you do not, say why in your result.',
  review:
    'The last review found this. Check for each finding whether it is resolved; one that is not is a finding again.',
};

/** Further lines are indented, so that no message can add a finding to the list. */
function findingLine({ severity, file, line, message }: Finding, index: number): string {
  const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
  const text = `${severity === undefined ? '' : `[${severity}] `}${place}${message}`;
  return `${index + 1}. ${text.replace(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/g, '\n   ')}`;
}

function handedIn({ summary, artifacts }: NonNullable<PromptInput['handed_in']>): string {
  const { branch, commit, pr_url, changed_files } = artifacts;
  const facts = [
    branch && `branch: ${branch}`,
    commit && `commit: ${commit}`,
    pr_url && `pull request: ${pr_url}`,
    changed_files && `changed files: ${changed_files.join(', ') || 'none'}`,
  ];
  return [summary, ...facts.filter(Boolean)].join('\n');
}
