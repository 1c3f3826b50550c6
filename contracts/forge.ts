/**
 * Forges: where they are, and what their deliveries are reduced to.
 *
 * source     one forge as the config file names it; the name is in the URL of its webhooks
 * delivery   one message of a forge to `POST /webhooks/{kind}/{source}`
 * origin     the issue, or the pull request, that a task came from
 */
import { z } from 'zod';
import { labelSchema, productSchema } from './ids';
import { type HolderRef, textSchema } from './task';

export const FORGE_KINDS = ['forgejo', 'gitea', 'github'] as const;
export const forgeKindSchema = z.enum(FORGE_KINDS);
export type ForgeKind = z.infer<typeof forgeKindSchema>;

/** 32 keeps `delivery/<source>/<id>` short. */
export const sourceNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'expected lower-case letters, digits and dashes, at most 32');

/** A secret is named, never written in the config file. */
const secretSchema = z.union(
  [
    z.strictObject({ from_env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
    z.strictObject({ from_file: z.string().regex(/^(\/|~\/)/) }),
  ],
  { error: 'expected {from_env: NAME} or {from_file: /path or ~/path}: secrets are not written here' },
);

export const repositoryNameSchema = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9._-]+$/, 'expected owner/name');

const reviewSchema = z.strictObject({
  by: z
    .enum(['people', 'agents'])
    .default('people')
    .describe('`agents`: a review task is made for each pull request of a task'),
  labels: z.array(labelSchema).min(1).default(['agent:review']),
  template: z.string().min(1).max(64).optional(),
  approve_at: z.number().min(0).max(1).default(0.9).describe('Least confidence for an approval'),
  other_model: z
    .boolean()
    .default(true)
    .describe('A verdict of the model that wrote the code is posted as a comment only'),
  token: secretSchema.optional().describe('Of a user of its own: no forge lets the author approve'),
});

export const sourceSchema = z.strictObject({
  kind: forgeKindSchema,
  url: z
    .url({ protocol: /^https?$/ })
    .max(1024)
    .optional()
    .describe('Of the forge, without /api; needed unless it is github.com'),
  token: secretSchema.describe('Needs to write issues, pull requests and commit statuses'),
  webhook_secret: secretSchema,
  repositories: z.array(repositoryNameSchema).optional().describe('Only these; default: any that delivers'),
  issue_labels: z
    .array(z.string().min(1).max(100))
    .min(1)
    .default(['signalbox'])
    .describe('An issue with one of these gets a task'),
  labels: z
    .record(z.string(), labelSchema)
    .default({})
    .describe('From a label of the forge to one of the task; those that begin with agent: need no entry'),
  default_labels: z
    .array(labelSchema)
    .default(['agent:code'])
    .describe('Of a task whose issue has none that begins with agent:'),
  template: z.string().min(1).max(64).optional(),
  product: productSchema.default('default'),
  max_retries: z.number().int().min(0).max(100).optional(),
  review: reviewSchema.prefault({}),
});
export type SourceConfig = z.infer<typeof sourceSchema>;

const number = z.number().int().positive();
const user = z.string().max(255);
const sha = z.string().regex(/^[0-9a-f]{40,64}$/);
const branch = z.string().min(1).max(255);

const repositorySchema = z.object({
  full_name: repositoryNameSchema,
  clone_url: z.string().max(1024),
  default_branch: branch,
});

export const issueEventSchema = z.object({
  kind: z.literal('issue'),
  /** As the forge says it; `labelled` stands for every change of labels. */
  action: z.enum(['opened', 'edited', 'labelled', 'closed', 'reopened']),
  repository: repositorySchema,
  sender: user,
  issue: z.object({
    number,
    title: z.string(),
    body: textSchema,
    open: z.boolean(),
    /** All that it has now: the list is state, whatever the action was. */
    labels: z.array(z.string()),
    url: z.string(),
    /** Milliseconds since 1970. */
    updated_at: z.number(),
  }),
});

export const commentEventSchema = z.object({
  kind: z.literal('comment'),
  repository: repositorySchema,
  sender: user,
  /** Of the issue or pull request. */
  number,
  /** The head branch when it is a pull request and the forge says so. */
  is_pull: z.boolean(),
  comment: z.object({ id: z.number().int(), command: z.string().max(500) }),
});

export const pullSchema = z.object({
  number,
  title: z.string(),
  url: z.string(),
  author: user,
  head: z.object({ branch, sha, repository: z.string().nullable() }),
  base: branch,
  open: z.boolean(),
  merged: z.boolean(),
  updated_at: z.number(),
});

export const pullEventSchema = z.object({
  kind: z.literal('pull'),
  action: z.enum(['opened', 'edited', 'closed', 'reopened', 'pushed']),
  repository: repositorySchema,
  sender: user,
  pull: pullSchema,
});

export const reviewEventSchema = z.object({
  kind: z.literal('review'),
  repository: repositorySchema,
  sender: user,
  verdict: z.enum(['approved', 'rejected', 'comment']),
  /** What was written with it; its comments on lines are fetched. */
  body: textSchema,
  /** null where the forge does not tell it (Forgejo, Gitea). */
  review_id: z.number().int().nullable(),
  pull: pullSchema,
});

export const pushEventSchema = z.object({
  kind: z.literal('push'),
  repository: repositorySchema,
  sender: user,
  branch,
  after: sha,
});

/** What a delivery is reduced to: all that is kept of it. */
export const forgeEventSchema = z.discriminatedUnion('kind', [
  issueEventSchema,
  commentEventSchema,
  pullEventSchema,
  reviewEventSchema,
  pushEventSchema,
]);
export type ForgeEvent = z.infer<typeof forgeEventSchema>;
export type PullFacts = z.infer<typeof pullSchema>;

/** Input of the workflow `delivery/<source>/<id>`. */
export interface Delivery {
  source: string;
  delivery_id: string;
  received_at: number;
  event: ForgeEvent;
}

/** Where a task came from. */
export interface TaskOrigin {
  source: string;
  /** `owner/name`. */
  repository: string;
  issue: number;
  url: string;
  /** What a pull request is to be merged into. */
  base_branch: string;
  /** Of a review task: what it judges. */
  review_of?: ReviewSubject;
}

export interface ReviewSubject {
  task_id: string;
  /** `review_count` of that task when the review was asked for. */
  round: number;
  pull: number;
  head_sha: string;
  /** `TaskState.run_key` of that task: one that was started again is judged again. */
  run_key: string;
  /** Hash of the diff that is judged, as `ReviewRound.change`. */
  change: string;
  /** Of the change: a reviewer is none of them, and uses none of these models. */
  authors: { holders: HolderRef[]; models: string[] };
}

/** What runs of a task before this one have dealt with: a delivery that comes once more changes nothing. */
export interface EarlierRuns {
  /** By the clock of the forge, milliseconds since 1970: what was said of pull requests up to then is over. */
  pulls_until: number;
  /** `updated_at` of the issue when it last had the task run again. */
  issue_at: number;
  /** The newest comment that was a command. Ids of comments grow. */
  comment: number;
}
