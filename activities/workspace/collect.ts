import type { Artifacts } from '../../contracts/receipt';
import { parseFields } from '../ssh/fields';
import type { Transport } from '../ssh/transport';
import { COLLECT_MAX_BYTES, collectScript } from './collect-sh';
import { redact } from './redact';

/** As many as a receipt takes, and as long (contracts/receipt.ts). */
const MAX_FILES = 2000;
const MAX_NAME = 1024;

export interface Collected {
  artifacts: Artifacts;
  /** Why the branch could not be pushed; null when it was, or there was nothing new. */
  push_error: string | null;
}

/** What a run left in its clone. The branch is pushed unless `push` is false, never forced. */
export async function collectWork(
  transport: Transport,
  { push = true, ...work }: { work_dir: string; branch: string; push?: boolean },
  signal: AbortSignal,
): Promise<Collected> {
  const result = await transport.exec(collectScript({ ...work, push: push ? 'yes' : 'no' }), {
    signal,
    max_bytes: COLLECT_MAX_BYTES,
    long: true,
  });
  if (result.code !== 0) {
    return {
      artifacts: {},
      push_error: redact(result.stderr.toString()) || 'the work directory could not be read',
    };
  }
  const { fields, rest } = parseFields(result.stdout);
  const commit = fields.get('commit');
  if (commit === undefined) return { artifacts: { changed_files: [] }, push_error: null };
  const files = rest.toString().split('\0').slice(0, -1);
  return {
    artifacts: {
      branch: work.branch,
      commit,
      changed_files: files.filter((file) => file !== '' && file.length <= MAX_NAME).slice(0, MAX_FILES),
    },
    push_error:
      !push || fields.get('pushed') === 'yes' ? null : redact(result.stderr.toString()) || 'no reason given',
  };
}
