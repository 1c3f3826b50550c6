/** Whatever order deliveries come in, twice or late: in the end a task runs exactly when the issue asks for one. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { IssueNow, KnownTask } from '../../../activities/forge/delivery/intents';
import { concerns, type IssueEvent, planIssue } from '../../../activities/forge/delivery/plan-issue';
import type { ForgeIssue } from '../../../activities/forge/forge';
import { type SourceConfig, sourceSchema } from '../../../contracts/forge';
import { issueEvent } from '../../helpers/forge-events';
import { createMemoryForge, type MemoryForge } from '../../helpers/memory-forge';

const config: SourceConfig = sourceSchema.parse({
  kind: 'gitea',
  url: 'http://forge.invalid',
  token: { from_env: 'T' },
  webhook_secret: { from_env: 'S' },
});

const NONE = { pulls_until: 0, issue_at: 0, comment: 0 };

/** What the task workflow makes of the intents. */
function board() {
  let task: KnownTask | null = null;
  let runs = 0;
  const seen = new Set<string>();
  return {
    get task() {
      return task;
    },
    get runs() {
      return runs;
    },
    handle(forge: MemoryForge, event: IssueEvent) {
      if (!concerns(event, config, task)) return;
      const now = forge.world.issues.get(event.issue.number);
      const issue = now ? { ...now, updated_at: event.issue.updated_at } : null;
      for (const intent of planIssue(event, config, task, { issue, pull: null }, 'forge:alice')) {
        if (intent.do === 'start' || intent.do === 'run_again') {
          const issue_at =
            intent.do === 'run_again' && 'issue_at' in intent.because ? intent.because.issue_at : 0;
          if (intent.do === 'start') expect(task).toBeNull();
          else expect(task?.open).toBe(false);
          runs += 1;
          seen.clear();
          task = {
            id: 'org/repo#1',
            open: true,
            status: 'created',
            origin: null,
            pull: null,
            title: intent.issue.title,
            labels: ['agent:code'],
            seen: [],
            ended_by: null,
            earlier: { ...NONE, issue_at },
          };
        } else if (intent.do === 'cancel' && task) {
          const by = intent.message.message_id.startsWith('issue-closed') ? 'closed' : 'unlabelled';
          task = { ...task, open: false, status: 'cancelled', ended_by: by };
        } else if (intent.do === 'edit' && task) {
          task = { ...task, title: intent.issue.title };
        }
      }
    },
    end(status: 'failed' | 'completed' | 'cancelled') {
      if (task?.open) task = { ...task, open: false, status, ended_by: null };
    },
  };
}

/** What people do to an issue; each is one delivery. */
type Deed = 'close' | 'reopen' | 'label' | 'unlabel' | 'edit';
const DEEDS: Record<Deed, (now: number) => [Partial<ForgeIssue>, IssueEvent['action']]> = {
  close: () => [{ open: false }, 'closed'],
  reopen: () => [{ open: true }, 'reopened'],
  label: () => [{ labels: ['bug', 'signalbox'] }, 'labelled'],
  unlabel: () => [{ labels: ['bug'] }, 'labelled'],
  edit: (now) => [{ title: `title ${now}` }, 'edited'],
};

function act(forge: MemoryForge, deed: Deed, untold = false): IssueEvent | null {
  const issue = forge.world.issues.get(1);
  const [change, action] = DEEDS[deed](forge.world.now);
  // A forge tells of what has changed.
  if (deed === 'close' && !issue?.open) return null;
  if (deed === 'reopen' && issue?.open) return null;
  const at = forge.setIssue(1, change);
  const event = issueEvent(forge, 1, action, at);
  // Gitea tells of none when all of them were set at one go.
  return untold && action === 'labelled' ? { ...event, issue: { ...event.issue, labels: [] } } : event;
}

const wanted = ({ world }: MemoryForge) => {
  const issue = world.issues.get(1);
  return issue?.open === true && issue.labels.includes('signalbox');
};

/** Each number says whether something happens next, or which of the waiting deliveries comes in. */
const story = fc.record({
  deeds: fc.array(fc.constantFrom(...(Object.keys(DEEDS) as Deed[])), { maxLength: 8 }),
  moves: fc.array(fc.nat(20), { maxLength: 30 }),
  labelled: fc.boolean(),
  untold: fc.boolean(),
});

describe('the deliveries of an issue', () => {
  it('lead to what the issue asks for, in any order and more than once', () => {
    fc.assert(
      fc.property(story, ({ deeds, moves, labelled, untold }) => {
        const forge = createMemoryForge();
        const tasks = board();
        const at = forge.setIssue(1, { labels: labelled ? ['signalbox'] : [] });
        const waiting: IssueEvent[] = [issueEvent(forge, 1, 'opened', at)];
        const delivered: IssueEvent[] = [];
        const left = [...deeds];
        const deliver = (index: number) => {
          const [event] = waiting.splice(index % waiting.length, 1);
          if (!event) return;
          tasks.handle(forge, event);
          delivered.push(event);
        };
        for (const move of moves) {
          const deed = move % 3 === 0 ? left.shift() : undefined;
          const event = deed ? act(forge, deed, untold) : null;
          if (event) waiting.push(event);
          else if (waiting.length > 0) deliver(move);
          else if (delivered.length > 0)
            tasks.handle(forge, delivered[move % delivered.length] as IssueEvent);
        }
        for (const deed of left) {
          const event = act(forge, deed, untold);
          if (event) waiting.push(event);
        }
        while (waiting.length > 0) deliver(moves[0] ?? 0);
        expect(tasks.task?.open ?? false).toBe(wanted(forge));
        if (wanted(forge)) expect(tasks.task?.title).toBe(forge.world.issues.get(1)?.title);
        const runs = tasks.runs;
        for (const event of delivered.toReversed()) tasks.handle(forge, event);
        expect(tasks.runs).toBe(runs);
        expect(tasks.task?.open ?? false).toBe(wanted(forge));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['failed', 'completed', 'cancelled'] as const)(
    'leave a task that is %s by itself alone, until the issue is reopened',
    (status) => {
      const forge = createMemoryForge();
      const tasks = board();
      tasks.handle(forge, issueEvent(forge, 1, 'opened', forge.setIssue(1)));
      tasks.end(status);
      for (const deed of ['label', 'edit'] as const) {
        const event = act(forge, deed);
        if (event) tasks.handle(forge, event);
      }
      expect(tasks.task).toMatchObject({ open: false, status });
      const closed = act(forge, 'close');
      const reopened = act(forge, 'reopen');
      if (!closed || !reopened) throw new Error('nothing happened');
      tasks.handle(forge, closed);
      tasks.handle(forge, reopened);
      expect(tasks.task).toMatchObject({ open: true });
      tasks.end(status);
      tasks.handle(forge, reopened);
      expect(tasks.runs).toBe(2);
    },
  );

  it('wait while the run of a task is being stopped, when it is to begin again', () => {
    const forge = createMemoryForge();
    forge.setIssue(1);
    const task = { open: true, status: 'running', ended_by: 'closed', earlier: NONE } as KnownTask;
    const plan = (open: boolean) => {
      const issue = { ...(forge.world.issues.get(1) as ForgeIssue), open, updated_at: 1 };
      return planIssue(issueEvent(forge, 1, 'reopened'), config, task, { issue, pull: null }, 'forge:alice');
    };
    expect(plan(true)).toMatchObject([{ do: 'wait' }]);
    expect(plan(false)).toMatchObject([{ do: 'nothing' }]);
  });

  it('that close it count as a merge when the pull request is merged', () => {
    const forge = createMemoryForge();
    const { number } = forge.addPull({ head: 'task/org-repo-1' });
    const pull = forge.setPull(number, { open: false, merged: true });
    forge.setIssue(1, { open: false });
    const task = { open: true, status: 'review_pending', ended_by: null, earlier: NONE } as KnownTask;
    const event = issueEvent(forge, 1, 'closed');
    const issue = { ...(forge.world.issues.get(1) as ForgeIssue), updated_at: 1 } satisfies IssueNow;
    const plan = (merged: boolean) =>
      planIssue(event, config, task, { issue, pull: { ...pull, merged } }, 'forge:alice');
    expect(plan(true)).toMatchObject([
      { do: 'tell', message: { what: 'pull_merged', message_id: `merged:${number}` } },
    ]);
    expect(plan(false)).toMatchObject([{ do: 'cancel' }]);
  });
});
