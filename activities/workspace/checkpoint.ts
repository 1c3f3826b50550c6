import type { Checkpoint } from '../../contracts/receipt';
import { parseFields } from '../ssh/fields';
import type { Transport } from '../ssh/transport';
import { checkpointScript, dropBranchesScript } from './checkpoint-sh';
import { redact } from './redact';

const PREFIX = 'signalbox-wip/';

/** Where the checkpoints of one attempt are pushed to: no other attempt ever writes there. */
export const wipBranch = (branch: string, epoch: number): string => `${PREFIX}${branch}-${epoch}`;

/** Made by `wipBranch`, so Signalbox may remove it. */
export const isWipBranch = (branch: string): boolean => branch.startsWith(PREFIX) && !/[\s*?[]/.test(branch);

export interface CheckpointMade {
  /** null: there is no work yet, or it could not be pushed. */
  checkpoint: Pick<Checkpoint, 'branch' | 'commit'> | null;
  /** There are changes that nobody has committed. */
  dirty: boolean;
  /** Why nothing was pushed; null when it was, or there was nothing to push. */
  error: string | null;
}

/** Commits and pushes what is in a work directory; safe while an agent works there. Throws the abort reason. */
export async function makeCheckpoint(
  transport: Transport,
  work: { work_dir: string; branch: string; epoch: number; last: string | null; ifDirty?: boolean },
  signal: AbortSignal,
): Promise<CheckpointMade> {
  const wip_branch = wipBranch(work.branch, work.epoch);
  const script = checkpointScript({
    work_dir: work.work_dir,
    wip_branch,
    last: work.last ?? '',
    if_dirty: work.ifDirty ? 'yes' : 'no',
    message: `Checkpoint of attempt ${work.epoch}`,
  });
  const result = await transport.exec(script, { signal, long: true });
  const said = redact(result.stderr.toString());
  if (result.code !== 0) return { checkpoint: null, dirty: false, error: said || 'git failed' };
  const { fields } = parseFields(result.stdout);
  const dirty = fields.get('dirty') === 'yes';
  const commit = fields.get('commit');
  if (commit === undefined) return { checkpoint: null, dirty, error: null };
  if (fields.get('pushed') === 'no') return { checkpoint: null, dirty, error: said || 'no reason given' };
  return { checkpoint: { branch: wip_branch, commit }, dirty, error: null };
}

/** Best effort: a branch that stays costs a name at the origin. Throws the abort reason. */
export async function dropCheckpoints(
  transport: Transport,
  work_dir: string,
  branches: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const own = branches.filter(isWipBranch);
  if (own.length > 0) await transport.exec(dropBranchesScript(work_dir, own), { signal, long: true });
}
