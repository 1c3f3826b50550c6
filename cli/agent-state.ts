import type { AttemptRecord } from '../agent/attempt-record';
import { Outbox } from '../agent/outbox';
import { listQuarantine } from '../agent/quarantine';
import { stateFolders } from '../agent/state-folders';

/** What an agent has in hand and in quarantine, for people. It may be running meanwhile. */
export function showAgentState(stateDir: string): string {
  const folders = stateFolders(stateDir);
  const attempts = new Outbox(folders.outbox).load();
  const kept = listQuarantine(folders.quarantine);
  const lines = [
    `${attempts.length} unfinished`,
    ...attempts.map(
      (record) =>
        `  ${record.task.id}  epoch ${record.lease.epoch}  ${stageOf(record)}  since ${record.taken_at}`,
    ),
    `${kept.length} in quarantine`,
    ...kept.flatMap(({ task_id, epoch, kind, why, work, quarantine_id, at }) => [
      `  ${task_id}  epoch ${epoch}  ${kind}: ${why.code}  ${at}`,
      ...(work === null ? [] : [`    work: ${work}`]),
      ...(quarantine_id === null ? [] : [`    receipt: ${quarantine_id}`]),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function stageOf({ release, report, result, starting_at }: AttemptRecord): string {
  if (release) return 'to be given back';
  if (report !== null) return 'receipt sent, not answered';
  if (result !== null) return 'ended, not reported';
  return starting_at === null ? 'taken' : 'running';
}
