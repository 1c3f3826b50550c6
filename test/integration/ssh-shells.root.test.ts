/** Whatever the login shell is and whatever it prints, scripts and runs are the same. */
import { statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SshTransport } from '../../activities/ssh/remote/ssh-transport';
import { quote } from '../../activities/ssh/sh';
import { localHost, marked } from '../helpers/local-host';
import { LOGIN_SHELLS, makeShellUser, type ShellUser } from '../helpers/shell-user';
import { type Sshd, startSshd } from '../helpers/sshd';
import { reachHostsBy } from '../helpers/transport-under-test';
import { waitUntil } from '../helpers/wait-until';

let sshd: Sshd;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(() => sshd.stop());

const NOISE: Record<string, [string, string]> = {
  bash: ['.bashrc', 'echo "Welcome, have a nice day!"; echo careful >&2\n'],
  fish: ['.config/fish/config.fish', 'echo "Welcome, have a nice day!"; echo careful >&2\n'],
  tcsh: ['.tcshrc', 'echo "Welcome, have a nice day\\!"\n'],
};

const NASTY = [
  "'",
  '"',
  '`id`',
  '$(id)',
  '\\',
  "\\'",
  '!',
  '!!',
  '^',
  '{a,b}',
  '*',
  '~',
  '%',
  '#',
  ';',
  '&',
  '\n',
  ' ',
  '$HOME',
  'é😀',
  '-n',
];

for (const shell of LOGIN_SHELLS) {
  describe(`login shell ${shell}`, () => {
    let user: ShellUser;
    let transport: SshTransport;
    beforeAll(() => {
      user = makeShellUser(shell);
      const [file, text] = NOISE[shell] ?? ['.profile', ''];
      user.write(file, text);
      transport = new SshTransport(sshd.target({ user: user.name }));
      reachHostsBy(() => new SshTransport(sshd.target({ user: user.name })));
    });
    afterAll(async () => {
      await transport.close();
      user.remove();
    });

    it('what it prints by itself is not taken for output', async () => {
      const result = await transport.exec('echo out; echo err >&2; exit 5');
      expect(result).toEqual({
        code: 5,
        signal: null,
        stdout: Buffer.from('out\n'),
        stderr: Buffer.from('err\n'),
      });
      expect((await transport.exec('kill -9 $$')).signal).toBe('SIGKILL');
    });

    it('words, scripts and input arrive byte for byte', async () => {
      const words = [...NASTY, NASTY.join('')];
      const script = `for w in ${words.map(quote).join(' ')}; do printf '%s\\0' "$w"; done; cat`;
      const { stdout } = await transport.exec(script, { stdin: NASTY.join('\n') });
      expect(stdout.toString()).toBe([...words, NASTY.join('\n')].join('\0'));
    });

    it('a run starts, is followed, and is killed with all it started', async () => {
      const host = localHost({ root: user.directory() });
      try {
        const done = await host.run({ script: `printf %s ${quote(NASTY.join(''))}` });
        expect(done.receipt?.summary).toBe(NASTY.join('').trim());

        const request = host.request({
          script: '(setsid sh -c "trap : TERM; sleep 600" &); echo up; sleep 600',
        });
        const started = await host.activities.startRun(request);
        const { outcome } = host.follow(request, started);
        await waitUntil(() => marked(request.attempt_id).length >= 3, { what: 'the tree' });
        const report = await host.activities.killRun({ ...request, immediate: false });
        expect(report).toMatchObject({ seen: 'dead', survivors: [] });
        expect((await outcome).failure?.code).toBe('killed');
        expect(statSync(started.run_dir).uid).not.toBe(0);
      } finally {
        await host.close();
      }
    });
  });
}

describe('a login shell that runs nothing', () => {
  let user: ShellUser | null = null;
  afterEach(() => user?.remove());

  it('is said to be it', async () => {
    user = makeShellUser('false');
    const transport = new SshTransport(sshd.target({ user: user.name }));
    await expect(transport.exec('true')).rejects.toMatchObject({
      code: 'shell_unusable',
      message: expect.stringContaining('ended with 1'),
    });
    await transport.close();
  });
});
