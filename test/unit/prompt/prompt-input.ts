import type { PromptInput } from '../../../activities/prompt/prompt-input';

export const promptInput = (fields: Partial<PromptInput> = {}): PromptInput => ({
  title: 'Say hello',
  body: 'The greeting is missing.',
  labels: ['agent:code'],
  branch_name: 'task/org-repo-42',
  repository: 'https://forge.example/org/repo.git',
  findings: [],
  checkpoint: null,
  ...fields,
});

/** As git writes one. */
export const fileDiff = (name: string, lines: string[]): string =>
  `diff --git a/${name} b/${name}\nindex 0123abc..4567def 100644\n--- a/${name}\n+++ b/${name}\n` +
  `@@ -1,0 +1,${lines.length} @@\n${lines.map((line) => `+${line}\n`).join('')}`;
