/** An attempt goes on with the session of the one before, where it can. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { RunRequest } from '../../contracts/run';
import { gitOrigin, tipOf } from '../helpers/git-origin';
import { git } from '../helpers/local-host';
import type { cliHost } from './cli-host';
import { type ModelServer, type Turn, textsIn } from './model-server';
import type { CliUnderTest } from './scenarios';

interface Given {
  host: ReturnType<typeof cliHost>;
  model: ModelServer;
  /** Another machine, as far as the CLI can tell: nothing of the first is there. */
  newHost(hostId: string): ReturnType<typeof cliHost>;
}

export function sessionScenarios(cli: CliUnderTest, given: () => Given): void {
  describe('the session of the attempt before', () => {
    const TASK = { task_id: 'org/repo#7', body: { inline: 'Greet the world.' } };
    const BRANCH = 'signalbox/greeting';
    const FINDINGS = [{ message: 'Greet the moon as well.' }];
    const asked = () => textsIn(given().model.requests()[0]?.body).join('\n');

    async function firstRound(
      task: Partial<RunRequest> = TASK,
      turn: Turn = { text: 'Hello, world, said I.' },
    ) {
      given().model.script([turn]);
      const first = await given().host.run(task);
      expect(asked()).not.toContain('said I');
      return first.outcome;
    }

    it('goes on after a review: the model is shown what was said', async () => {
      const repository = gitOrigin(given().host.root);
      const task = { ...TASK, repository, branch_name: BRANCH };
      const first = await firstRound(task);
      expect(first.checkpoint).toEqual({
        session_id: first.receipt?.usage?.session_id,
        session_at: `here/${cli.template}`,
      });
      // With all that a first round may do: a sandbox would not let it write into .git.
      given().model.script([
        { shell: 'echo moon > greeted && git add greeted && git commit -q -m "Greet the moon"' },
        { text: 'Hello, moon.' },
      ]);
      const { checkpoint } = first;
      const second = await given().host.run({ ...task, epoch: 2, checkpoint, findings: FINDINGS });
      expect(second.outcome.receipt).toMatchObject({ status: 'completed', summary: 'Hello, moon.' });
      expect(asked()).toMatch(/Greet the world[\s\S]*said I[\s\S]*Greet the moon/);
      const commit = tipOf(repository, BRANCH);
      expect(git(repository, 'show', `${commit}:greeted`)).toBe('moon');
      expect(second.outcome.checkpoint).toEqual({ ...checkpoint, branch: BRANCH, commit });
    });

    it('goes on after a failure that lay outside of it', async () => {
      const [quota] = cli.quotas;
      const first = await firstRound(TASK, quota?.turn);
      expect(first).toMatchObject({
        failure: { code: 'quota' },
        checkpoint: { session_at: `here/${cli.template}` },
      });
      given().model.script([{ text: 'Hello again.' }]);
      const second = await given().host.run({ ...TASK, epoch: 2, checkpoint: first.checkpoint });
      expect(second.outcome.receipt?.summary).toBe('Hello again.');
      // The prompt of both attempts.
      expect(asked().match(/Greet the world/g)).toHaveLength(2);
    });

    it('stays where it is: another host begins afresh, with one of its own', async () => {
      const first = await firstRound();
      const other = given().newHost('there');
      try {
        given().model.script([{ text: 'Hello, moon.' }]);
        const second = await other.run({
          ...TASK,
          epoch: 2,
          checkpoint: first.checkpoint,
          findings: FINDINGS,
        });
        expect(second.outcome.receipt?.summary).toBe('Hello, moon.');
        expect(asked()).toContain('Greet the moon');
        expect(asked()).not.toContain('said I');
        expect(second.outcome.checkpoint?.session_at).toBe(`there/${cli.template}`);
        expect(second.outcome.checkpoint?.session_id).not.toBe(first.checkpoint?.session_id);
      } finally {
        await other.close();
      }
    });

    it('is gone: that is what the attempt fails with, and the next begins afresh', async () => {
      const gone = { session_id: randomUUID(), session_at: `here/${cli.template}` };
      given().model.script([{ text: 'Hello, world.' }]);
      const first = await given().host.run({ ...TASK, checkpoint: { branch: 'b', ...gone } });
      expect(first.outcome).toMatchObject({ receipt: null, failure: { code: 'session_not_found' } });
      expect(given().model.requests()).toEqual([]);
      expect(first.outcome.checkpoint).toEqual({ branch: 'b' });
      const second = await given().host.run({ ...TASK, epoch: 2, checkpoint: first.outcome.checkpoint });
      expect(second.outcome.receipt?.summary).toBe('Hello, world.');
    });
  });
}
