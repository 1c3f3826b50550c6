import { buildPrompt } from '../../activities/prompt/build-prompt';
import type { PromptInput } from '../../activities/prompt/prompt-input';
import type { RunRequest } from '../../contracts/run';

/** The prompt that a run of `localHost` gets, unless a test says otherwise; the body has to be inline. */
export function promptOf(
  { body, ...fields }: Pick<RunRequest, 'body'> & Partial<RunRequest>,
  more: Partial<PromptInput> = {},
): string {
  if (!('inline' in body)) throw new Error('expected a body that is inline');
  return buildPrompt({
    title: 'a task',
    labels: ['agent:code'],
    branch_name: 'signalbox/task',
    repository: null,
    findings: [],
    checkpoint: null,
    ...fields,
    body: body.inline,
    ...more,
  });
}
