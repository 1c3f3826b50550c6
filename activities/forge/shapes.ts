/**
 * What is read of the answers of forges. Gitea and Forgejo follow GitHub closely enough for one shape each; where
 * they differ, it says so. What is not named here is not looked at.
 */
import { z } from 'zod';
import { type PullFacts, pullSchema } from '../../contracts/forge';
import type { Finding } from '../../contracts/receipt';
import { type ForgeComment, ForgeError, type ForgeIssue } from './forge';

const loginOf = (user: { login: string } | null | undefined) => user?.login ?? '';

/** null: of a user that is no more. */
const user = z.object({ login: z.string() }).nullish();

export const userShape = z.object({ login: z.string().min(1) });

export const issueShape = z
  .object({
    number: z.number(),
    title: z.string(),
    body: z.string().nullish(),
    state: z.string(),
    labels: z.array(z.union([z.string(), z.object({ name: z.string() })])).nullish(),
    html_url: z.string(),
    pull_request: z.unknown().optional(),
  })
  .transform(
    (issue): ForgeIssue => ({
      number: issue.number,
      title: issue.title,
      body: issue.body ?? '',
      open: issue.state === 'open',
      labels: (issue.labels ?? []).map((label) => (typeof label === 'string' ? label : label.name)),
      url: issue.html_url,
      is_pull: issue.pull_request !== null && issue.pull_request !== undefined,
    }),
  );

const side = z.object({
  ref: z.string(),
  label: z.string().nullish(),
  sha: z.string(),
  /** null: of a fork that is no more. */
  repo: z.object({ full_name: z.string() }).nullish(),
});

export const pullShape = z
  .object({
    number: z.number(),
    title: z.string(),
    html_url: z.string(),
    user,
    head: side,
    base: z.object({ ref: z.string() }),
    state: z.string(),
    merged_at: z.string().nullish(),
    merged: z.boolean().nullish(),
    updated_at: z.string(),
  })
  .transform(
    (pull): PullFacts => ({
      number: pull.number,
      title: pull.title,
      url: pull.html_url,
      author: loginOf(pull.user),
      head: {
        branch: branchOf(pull.head),
        sha: pull.head.sha,
        repository: pull.head.repo?.full_name ?? null,
      },
      base: pull.base.ref,
      open: pull.state === 'open',
      // In its lists GitHub tells only when.
      merged: pull.merged ?? (pull.merged_at ?? null) !== null,
      updated_at: Date.parse(pull.updated_at),
    }),
  )
  .pipe(pullSchema);

/** When the branch has been deleted, Gitea has `refs/pull/1/head` there, and the branch in `label`. */
const branchOf = ({ ref, label }: z.infer<typeof side>) =>
  ref.startsWith('refs/pull/') && label ? label : ref;

export const commentShape = z
  .object({ id: z.number(), body: z.string().nullish(), user })
  .transform((one): ForgeComment => ({ id: one.id, body: one.body ?? '', author: loginOf(one.user) }));

export const reviewShape = z
  .object({
    id: z.number(),
    user,
    body: z.string().nullish(),
    state: z.string(),
    commit_id: z.string().nullish(),
  })
  .transform((one) => ({ ...one, author: loginOf(one.user), body: one.body ?? '' }));
export type ReviewFacts = z.infer<typeof reviewShape>;

const MESSAGE_MAX = 4_096;
const FILE_MAX = 1_024;

/** @returns null when nothing is said */
export function findingOf(message: string, file: string, line: number | null): Finding | null {
  const text = message.trim().slice(0, MESSAGE_MAX);
  if (text === '') return null;
  return {
    message: text,
    ...(file !== '' && file.length <= FILE_MAX ? { file } : {}),
    ...(line !== null && line > 0 ? { line } : {}),
  };
}

/** @throws ForgeError that names the places where the answer is not as expected, not what is there */
export function shaped<T>(schema: z.ZodType<T>, answer: unknown, what: string): T {
  const { success, data, error } = schema.safeParse(answer);
  if (success) return data;
  const places = [...new Set(error.issues.map(({ path }) => path.join('.') || 'the whole'))].slice(0, 5);
  throw new ForgeError(
    'unavailable',
    `the answer about ${what} is not as a forge of this kind gives it: ${places.join(', ')}. Check \`kind\` and \`url\` of this source`,
  );
}
