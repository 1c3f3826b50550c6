/** The shell examples are sound, and without AQ_FLEET they make no call. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { EXAMPLES, type ShellRunner, shellRunner } from '../helpers/shell-runner';

const runners: ShellRunner[] = [];

afterEach(async () => {
  await Promise.all(runners.splice(0).map((runner) => runner.stop()));
});

it.each(['fleet-json.sh', 'fleet-client.sh', 'command-group.sh', 'fleet-runner.sh'])(
  '%s is sound',
  (name) => {
    const run = (program: string, ...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(program, [...args, name], {
        cwd: EXAMPLES,
        encoding: 'utf8',
      });
      return { status, said: stdout + stderr };
    };
    expect(run('bash', '-n')).toEqual({ status: 0, said: '' });
    expect(run('shellcheck', '--severity=error')).toEqual({ status: 0, said: '' });
  },
);

describe('without AQ_FLEET', () => {
  it('makes no call at all, and does the local jobs', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const fleet = { AQ_FLEET_API: `http://127.0.0.1:${port}/api`, AQ_FLEET_TOKEN: 't', AQ_FACTORY_ID: 'f' };
    try {
      const runner = shellRunner({ ...fleet, AQ_RUN: 'cat "$AQ_JOB_FILE"; ! grep -q fail "$AQ_JOB_FILE"' });
      runners.push(runner);
      runner.put('one', 'do it\n');
      runner.put('two', 'fail\n');
      expect(await runner.start('once').ended).toBe(0);
      // One that was claimed while it was on.
      runner.put('three', 'of the fleet\n');
      writeFileSync(join(runner.queue, 'inbox', 'three.meta'), 'id: a\nleaseEpoch: 1\n');
      expect(await runner.start('once', { AQ_FLEET: '0' }).ended).toBe(0);
      expect(await runner.start('status').ended).toBe(0);
      expect(runner.places()).toMatchObject({ shipped: ['one.md'], failed: ['two.md'], inbox: ['three.md'] });
      expect(runner.files('shipped').log).toBe('do it\n');
      expect(connections).toBe(0);
      // And the server does count.
      expect(await runner.start('once', { AQ_FLEET: '1' }).ended).toBe(0);
      expect(connections).toBeGreaterThan(0);
    } finally {
      server.close();
    }
  });
});
