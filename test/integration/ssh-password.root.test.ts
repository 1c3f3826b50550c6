/** A user who logs in with a password, which no error may show. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SshTransport } from '../../activities/ssh/remote/ssh-transport';
import { makeShellUser, type ShellUser } from '../helpers/shell-user';
import { type Sshd, startSshd } from '../helpers/sshd';

const SENTINEL = 'sentinel-3f9c';

let sshd: Sshd;
let user: ShellUser;
beforeAll(async () => {
  sshd = await startSshd({ config: ['PasswordAuthentication yes'] });
  user = makeShellUser('dash');
  execFileSync('chpasswd', { input: `${user.name}:${SENTINEL}` });
});
afterAll(async () => {
  user?.remove();
  await sshd?.stop();
});

/** What `echo in` says when this is the password; null: the variable that is to hold it does not. */
async function loginWith(word: string | null): Promise<string> {
  const password = { named: 'password_env TEST', read: () => Promise.resolve(word) };
  const credentials = { identity_files: [], identity_named: true, agent: null, password };
  const transport = new SshTransport(sshd.target({ user: user.name, credentials }));
  try {
    return (await transport.exec('echo in')).stdout.toString();
  } finally {
    await transport.close();
  }
}

it('is let in with the right one', async () => {
  expect(await loginWith(SENTINEL)).toBe('in\n');
});

it('is told which one was refused, and never what it is', async () => {
  const error: unknown = await loginWith(`${SENTINEL}-wrong`).catch((refused) => refused);
  expect(error).toMatchObject({
    code: 'auth_failed',
    message: expect.stringContaining('password_env TEST'),
  });
  const { message, stack } = error as Error;
  expect(JSON.stringify([message, String(error), stack])).not.toContain(SENTINEL);
});

it('is told that there is none', async () => {
  await expect(loginWith(null)).rejects.toMatchObject({
    code: 'auth_failed',
    message: expect.stringContaining('password_env TEST holds no password'),
  });
});
