import type { z } from 'zod';
import { findTemplate, TemplateError } from '../../activities/agent-cli/templates';
import type { Config } from '../../contracts/config';

/** What is wrong with the templates, beyond their form: in the words of zod, so that it is placed in the file. */
export function templateIssues(config: Config): z.core.$ZodIssue[] {
  const issues = Object.keys(config.templates).flatMap((name) => problemOf(name, config));
  if (issues.length > 0 || findTemplate(config.default_template, config.templates) !== null) return issues;
  return [
    issue(
      ['default_template'],
      config.default_template,
      'expected a template of this file, or a built-in one',
    ),
  ];
}

function problemOf(name: string, { templates }: Config): z.core.$ZodIssue[] {
  try {
    findTemplate(name, templates);
    return [];
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const path = error.field === null ? ['templates', name] : ['templates', name, error.field];
    return [issue(path, templates[name], error.message)];
  }
}

const issue = (path: string[], input: unknown, message: string): z.core.$ZodIssue => ({
  code: 'custom',
  path,
  input,
  message,
});
