import type { QuarantineItem } from '../task/types';

/** A late receipt, kept in the memo under `quarantine`. */
export interface QuarantineView extends QuarantineItem {
  decision: 'open' | 'accepted' | 'discarded';
  decided_by: string | null;
  decided_at: number | null;
}
