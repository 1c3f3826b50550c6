/** A delivery of a forge: what is known, what the forge says now, the plan, and the doing of it. */
import { parseCommand } from '../../activities/forge/delivery/command';
import type { Asked, Intent, IssueNow, KnownTask } from '../../activities/forge/delivery/intents';
import { plan } from '../../activities/forge/delivery/plan';
import { concerns, type IssueEvent } from '../../activities/forge/delivery/plan-issue';
import type { ReviewEvent } from '../../activities/forge/delivery/plan-review';
import { carriesVerdict } from '../../activities/forge/markers';
import type { Delivery, ForgeEvent } from '../../contracts/forge';
import type { ForgeActivities } from '../../workflows/delivery/activity-types';
import { asFailure, orNull } from './as-failure';
import { findTask } from './find-task';
import { type ForgeContext, type Source, sourceOf } from './forge-context';
import { perform } from './perform';
import { textOf } from './perform-review';

export function createHandleDelivery(ctx: ForgeContext): Pick<ForgeActivities, 'handleDelivery'> {
  return {
    handleDelivery: (delivery) =>
      asFailure(delivery.source, () => handle(ctx, delivery), ['unauthorized', 'forbidden']),
  };
}

async function handle(ctx: ForgeContext, { source: name, event }: Delivery): Promise<string[]> {
  const source = sourceOf(ctx, name);
  const { repositories } = source.config;
  if (repositories && !repositories.includes(event.repository.full_name)) {
    return ['nothing: the repository is none of those of this source'];
  }
  const lines: string[] = [];
  for (let look = 1; look <= LOOKS_MAX; look++) {
    const task = await findTask(ctx, source, event);
    const asked = await ask(ctx, source, event, task, look);
    const intents = plan(event, source.config, task, asked, `${name}:${event.sender}`);
    const due = look === 1 ? intents : intents.filter(follows);
    for (const intent of due) lines.push(await perform(ctx, { source, event, task }, intent));
    if (event.kind !== 'issue' || !due.some(follows)) break;
  }
  return lines;
}

/** After the first, each is for a change that was made while the one before was acted upon. */
const LOOKS_MAX = 4;

/**
 * The issue may have changed since it was read, and the delivery of that may have been handled before this was done:
 * so after it is done, the issue is looked at once more.
 */
const follows = ({ do: what }: Intent) => FOLLOWED.has(what);
const FOLLOWED = new Set<Intent['do']>(['start', 'run_again', 'cancel', 'wait']);

const NOTHING_ASKED: Asked = { issue: null, pull: null, permission: null, own: false };

async function ask(
  ctx: ForgeContext,
  source: Source,
  event: ForgeEvent,
  task: KnownTask | null,
  look: number,
): Promise<Asked> {
  const { forge } = source;
  const repository = event.repository.full_name;
  switch (event.kind) {
    case 'issue': {
      if (look === 1 && !concerns(event, source.config, task)) return NOTHING_ASKED;
      const issue = await issueNow(source, event);
      const merged = task?.open && !issue.open && task.pull ? task.pull.number : null;
      const pull = merged === null ? null : await orNull(forge.pull(repository, merged));
      return { ...NOTHING_ASKED, issue, pull };
    }
    case 'comment': {
      const command = parseCommand(event.comment.command);
      if (command === null) return NOTHING_ASKED;
      const permission = await forge.permission(repository, event.sender);
      const again = command.name === 'retry' && task?.origin && !task.open ? task.origin.issue : null;
      const issue = again === null ? null : await orNull(forge.issue(repository, again));
      return { ...NOTHING_ASKED, permission, issue: issue && { ...issue, updated_at: 0 } };
    }
    case 'review': {
      if (event.verdict === 'comment' || !task?.open) return NOTHING_ASKED;
      const permission = await forge.permission(repository, event.sender);
      return { ...NOTHING_ASKED, permission, own: await isOwn(ctx, source, event) };
    }
    default:
      return NOTHING_ASKED;
  }
}

/** One that was deleted, or moved elsewhere, is closed. */
async function issueNow({ forge }: Source, { repository, issue }: IssueEvent): Promise<IssueNow> {
  const { number, title, url, labels, updated_at } = issue;
  const asked = forge.issue(repository.full_name, number);
  const now = issue.open ? await asked : await orNull(asked);
  return { ...(now ?? { number, title, body: '', open: false, labels, url, is_pull: false }), updated_at };
}

/** Whose user it is says too little: the token may be that of a person who reviews as well. */
async function isOwn(
  ctx: ForgeContext,
  { forge, reviewer }: Source,
  { sender, body }: ReviewEvent,
): Promise<boolean> {
  if (!carriesVerdict(await textOf(ctx, body))) return false;
  const own = await Promise.all([forge.me(), reviewer.me()]);
  return own.some((one) => one.toLowerCase() === sender.toLowerCase());
}
