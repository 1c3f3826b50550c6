import type { z } from 'zod';
import { findTemplate } from '../../activities/agent-cli/templates';
import type { Config } from '../../contracts/config';

/** What is wrong with the forges, beyond their form: in the words of zod, so that it is placed in the file. */
export function forgeIssues({ forges, templates }: Config): z.core.$ZodIssue[] {
  return Object.entries(forges).flatMap(([name, { kind, url, template, review }]) => {
    const at = ['forges', name];
    const issues: z.core.$ZodIssue[] = [];
    if (url === undefined && kind !== 'github') {
      issues.push(issue([...at, 'url'], 'expected the URL of the forge: only GitHub has one that is known'));
    }
    const unknown = (name_: string | undefined) =>
      name_ !== undefined && findTemplate(name_, templates) === null;
    const wanted = 'expected a template of this file, or a built-in one';
    if (unknown(template)) issues.push(issue([...at, 'template'], wanted));
    if (unknown(review.template)) issues.push(issue([...at, 'review', 'template'], wanted));
    return issues;
  });
}

const issue = (path: string[], message: string): z.core.$ZodIssue => ({
  code: 'custom',
  path,
  input: undefined,
  message,
});
