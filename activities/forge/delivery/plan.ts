/**
 * What a delivery is met with. Pure, and the same for a delivery that comes twice, late or out of order: what was
 * done before is seen in `task`, and how things are now in `asked`.
 */
import type { ForgeEvent, SourceConfig } from '../../../contracts/forge';
import type { Asked, Intent, KnownTask } from './intents';
import { planComment } from './plan-comment';
import { planIssue } from './plan-issue';
import { planPull, planPush } from './plan-pull';
import { planReview } from './plan-review';

/** @param by who did it, for the events of the task */
export function plan(
  event: ForgeEvent,
  config: SourceConfig,
  task: KnownTask | null,
  asked: Asked,
  by: string,
): Intent[] {
  switch (event.kind) {
    case 'issue':
      return planIssue(event, config, task, asked, by);
    case 'comment':
      return planComment(event, task, asked, by);
    case 'pull':
      return planPull(event, task, by);
    case 'review':
      return planReview(event, task, asked, by);
    case 'push':
      return planPush(event, task, by);
  }
}
