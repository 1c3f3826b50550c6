/** Payloads reduced to events: what is the same on every forge but for its words. Pure; throws ZodError. */
import type { z } from 'zod';
import { type ForgeEvent, forgeEventSchema, type PullFacts } from '../../contracts/forge';
import { commandLine } from './command-line';
import {
  action,
  commentPayload,
  issuePayload,
  type PullPayload,
  pullPayload,
  pushPayload,
} from './payload-parts';

type IssueAction = Extract<ForgeEvent, { kind: 'issue' }>['action'];
type PullAction = Extract<ForgeEvent, { kind: 'pull' }>['action'];

/** The words of one forge. Actions that are not among them are of no interest. */
export interface Dialect {
  issueActions: ReadonlyMap<string, IssueAction>;
  pullActions: ReadonlyMap<string, PullAction>;
  headBranch(head: PullPayload['pull_request']['head']): string;
}

/**
 * @param event as the header of the delivery names it
 * @param receivedAt stands in where the forge does not say when; milliseconds since 1970
 * @returns null when the delivery is of no interest
 * @throws ZodError when it is not what this forge sends
 */
export type Parse = (event: string, payload: unknown, receivedAt: number) => ForgeEvent | null;

/** The events that need no word of a forge but those of its dialect. */
export function reduceCommon(
  dialect: Dialect,
  ...[event, payload, receivedAt]: Parameters<Parse>
): ForgeEvent | null {
  switch (event) {
    case 'issues':
      return issueEvent(dialect, payload, receivedAt);
    case 'issue_comment':
      return commentEvent(payload);
    case 'pull_request':
      return pullEvent(dialect, payload, receivedAt);
    case 'push':
      return pushEvent(payload);
    default:
      return null;
  }
}

/** The last check, whatever was made of a payload. */
export const checked = (event: z.input<typeof forgeEventSchema>): ForgeEvent => forgeEventSchema.parse(event);

/** Gitea tells with it the labels that were there before. */
const CLEARED = 'label_cleared';
/** An issue that is no more is still said to be open. */
const GONE = new Set(['deleted', 'transferred']);

function issueEvent(dialect: Dialect, payload: unknown, receivedAt: number): ForgeEvent | null {
  const said = action.parse(payload).action;
  const what = dialect.issueActions.get(said);
  if (what === undefined) return null;
  const { issue, repository, sender } = issuePayload.parse(payload);
  if (issue.pull_request != null) return null;
  return checked({
    kind: 'issue',
    action: what,
    repository,
    sender,
    issue: {
      number: issue.number,
      title: issue.title,
      body: { inline: issue.body },
      open: issue.state === 'open' && !GONE.has(said),
      labels: said === CLEARED ? [] : issue.labels,
      // Gitea did not tell it before 1.13.
      url: issue.html_url ?? `${repository.clone_url.replace(/\.git$/, '')}/issues/${issue.number}`,
      updated_at: issue.updated_at ?? receivedAt,
    },
  });
}

/** Edited comments are none: a command is given once. */
function commentEvent(payload: unknown): ForgeEvent | null {
  if (action.parse(payload).action !== 'created') return null;
  const { issue, comment, repository, sender, is_pull } = commentPayload.parse(payload);
  const command = commandLine(comment.body);
  if (command === null) return null;
  return checked({
    kind: 'comment',
    repository,
    sender,
    number: issue.number,
    is_pull: is_pull ?? issue.pull_request != null,
    comment: { id: comment.id, command },
  });
}

function pullEvent(dialect: Dialect, payload: unknown, receivedAt: number): ForgeEvent | null {
  const what = dialect.pullActions.get(action.parse(payload).action);
  if (what === undefined) return null;
  const { pull_request, repository, sender } = pullPayload.parse(payload);
  return checked({
    kind: 'pull',
    action: what,
    repository,
    sender,
    pull: pullFacts(dialect, pull_request, receivedAt),
  });
}

export function pullFacts(
  dialect: Dialect,
  pull: PullPayload['pull_request'],
  receivedAt: number,
): PullFacts {
  const { number, title, html_url, user, head, base, state, merged, merged_at, updated_at } = pull;
  return {
    number,
    title,
    url: html_url,
    author: user,
    head: { branch: dialect.headBranch(head), sha: head.sha, repository: head.repo?.full_name ?? null },
    base: base.ref,
    open: state === 'open',
    // That it was merged is left out of reviews by GitHub, but not when.
    merged: merged ?? merged_at != null,
    updated_at: updated_at ?? receivedAt,
  };
}

const BRANCH = 'refs/heads/';
/** What `after` is when a branch is deleted. */
const NOTHING = /^0+$/;

function pushEvent(payload: unknown): ForgeEvent | null {
  const { ref, after, repository, sender, pusher } = pushPayload.parse(payload);
  if (!ref.startsWith(BRANCH) || NOTHING.test(after)) return null;
  return checked({
    kind: 'push',
    repository,
    // A deploy key is nobody.
    sender: sender?.login ?? pusher?.login ?? pusher?.name ?? 'ghost',
    branch: ref.slice(BRANCH.length),
    after,
  });
}
