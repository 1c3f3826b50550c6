import type { OutputFormat, TaskKind } from '../../contracts/prompt';
import type { Checkpoint, Finding, Receipt } from '../../contracts/receipt';

/** All that a prompt is made of. The first seven fields are those of a RunRequest, with the body resolved. */
export interface PromptInput {
  title: string;
  body: string;
  labels: readonly string[];
  branch_name: string;
  repository: string | null;
  /** Of the review that did not approve the attempt before. */
  findings: readonly Finding[];
  checkpoint: Checkpoint | null;
  /** What the attempt before handed in, as far as it is known. */
  handed_in?: Pick<Receipt, 'summary' | 'artifacts'> | null | undefined;
  affected_files?: readonly string[] | undefined;
  diff?: string | null | undefined;
  /** In bytes; default 200 000. */
  diff_max_bytes?: number | undefined;
  /** Undefined: not known, so the agent detects them; empty: there are none. */
  validation_commands?: readonly string[] | undefined;
  /** Default: from the labels. */
  kind?: TaskKind | undefined;
  /** Default: `review` for a review task, else `summary`. */
  output_format?: OutputFormat | undefined;
}
