/** What talks to forges: on a task queue of its own (`FORGE_QUEUE`). */
import type { Delivery } from '../../contracts/forge';
import type { TellForgeArgs, ToldForge } from '../report/types';

export interface ForgeActivities {
  /** Does what a delivery asks for; may be repeated. @returns one line for each thing done, for people */
  handleDelivery(delivery: Delivery): Promise<string[]>;
  /**
   * Brings comment, commit status and pull request to what the report says; may be repeated. For a review task that
   * is completed: posts its verdict, and tells it to the task it is about.
   */
  tellForge(args: TellForgeArgs): Promise<ToldForge>;
  /** Makes the review task of a round, when the source wants one; may be repeated. */
  askForReview(args: TellForgeArgs): Promise<void>;
}
