import type { BoardEntry } from '../../dispatch/board-entry';
import type { TaskSource } from '../../dispatch/board-source';

export interface ScriptedSource extends TaskSource {
  /** What visibility holds now. */
  rows: BoardEntry[];
  /** The `after` of every look so far. */
  looks: Array<number | null>;
  /** While set, looks fail with it. */
  failure: Error | null;
  /** While set, looks wait for it before they give their rows. */
  hold: Promise<void> | null;
}

export function scriptedSource(): ScriptedSource {
  const source: ScriptedSource = {
    rows: [],
    looks: [],
    failure: null,
    hold: null,
    async *claimable(after) {
      source.looks.push(after);
      const rows = [...source.rows];
      if (source.hold) await source.hold;
      if (source.failure) throw source.failure;
      for (const row of rows) if (after === null || row.claimableSince > after) yield row;
    },
  };
  return source;
}

let counter = 0;

export function entry(over: Partial<BoardEntry> = {}): BoardEntry {
  return {
    taskId: `t${counter++}`,
    labels: ['agent:code'],
    priority: 5,
    mode: 'undecided',
    claimableSince: 1_000_000,
    assignedTo: null,
    product: 'default',
    ...over,
  };
}
