import type { Board } from './board';
import type { VisibilityBudget } from './visibility-budget';

/** What the roles of one process share when they are given it; whoever made it closes it. */
export interface BoardShare {
  board: Board;
  budget: VisibilityBudget;
}
