/** What the payloads of all forges have in common, field by field. What is not named is dropped. */
import { z } from 'zod';

/** As long as the title of a task may be. */
const TITLE_MAX = 500;
const LABELS_MAX = 500;

/** A text without NUL and halves of characters: neither can be stored everywhere. */
const clean = (text: string) => text.replace(/\0|\p{Surrogate}/gu, '\ufffd');

export const text = z
  .string()
  .nullish()
  .transform((value) => clean(value ?? ''));
const isClean = (value: string) => clean(value) === value;
const UNCLEAN = { error: 'expected text without NUL and unpaired surrogates' };
/** For what names something: a name that has to be changed is another one. */
export const name = z.string().min(1).max(255).refine(isClean, UNCLEAN);

const webUrl = z
  .url({ protocol: /^https?$/ })
  .max(2048)
  .refine(isClean, UNCLEAN);
/** `git clone` takes more than this, such as `ext::`, which runs a command. */
const cloneUrl = z
  .url({ protocol: /^(https?|ssh)$/ })
  .max(1024)
  .refine(isClean, UNCLEAN);

/** To milliseconds since 1970; null when it is not told. */
const time = z
  .string()
  .max(64)
  .transform((value) => Date.parse(value))
  .refine(Number.isFinite, { error: 'expected a time' })
  .nullish()
  .transform((value) => value ?? null);

const login = z.object({ login: name });
/** GitHub has none for somebody who left; its pages say ghost. */
const userOrGhost = login.nullish().transform((user) => user?.login ?? 'ghost');

const repository = z.object({
  full_name: z.string().max(200),
  clone_url: cloneUrl,
  default_branch: z
    .string()
    .max(255)
    .refine(isClean, UNCLEAN)
    .nullish()
    .transform((branch) => branch || 'main'),
});

/** Of every event. */
export const basics = z.object({ repository, sender: userOrGhost });

export const action = z.object({ action: z.string().max(64) });

const title = z.string().transform((value) => clean(value.slice(0, TITLE_MAX)));
const number = z.number().int().positive();

const issueFields = z.object({
  number,
  title,
  body: text,
  state: z.enum(['open', 'closed']),
  labels: z
    .array(z.object({ name: z.string().max(255).transform(clean) }))
    .max(LABELS_MAX)
    .nullish()
    .transform((labels) => (labels ?? []).map((label) => label.name)),
  html_url: webUrl.nullish(),
  updated_at: time,
  /** Set when the issue is a pull request. */
  pull_request: z.unknown().optional(),
});

export const issuePayload = basics.extend({ issue: issueFields });

export const commentPayload = basics.extend({
  is_pull: z.boolean().nullish(),
  issue: z.object({ number, pull_request: z.unknown().optional() }),
  comment: z.object({ id: z.number().int(), body: text }),
});

export const pullPayload = basics.extend({
  pull_request: z.object({
    number,
    title,
    html_url: webUrl,
    user: userOrGhost,
    state: z.enum(['open', 'closed']),
    merged: z.boolean().nullish(),
    merged_at: z.string().nullish(),
    updated_at: time,
    head: z.object({
      ref: name,
      label: z.string().max(1024).refine(isClean, UNCLEAN).nullish(),
      sha: z.string().max(64),
      repo: z.object({ full_name: name }).nullish(),
    }),
    base: z.object({ ref: name }),
  }),
});
export type PullPayload = z.infer<typeof pullPayload>;

export const pushPayload = z.object({
  repository,
  /** The longest branch, and what stands before it. */
  ref: z.string().max(280).refine(isClean, UNCLEAN),
  after: z.string().max(64),
  sender: login.nullish(),
  pusher: z.object({ login: name.optional(), name: name.optional() }).nullish(),
});
