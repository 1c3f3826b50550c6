/** Scripts that come often share a shell, and do not notice each other. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SshTransport } from '../../activities/ssh/remote/ssh-transport';
import { type ExecOptions, OutputLimitError } from '../../activities/ssh/transport';
import { type Sshd, startSshd } from '../helpers/sshd';

let sshd: Sshd;
let transport: SshTransport;
beforeAll(async () => {
  sshd = await startSshd();
  transport = new SshTransport(sshd.target());
});
afterAll(async () => {
  await transport.close();
  await sshd.stop();
});

const often = (script: string, options: ExecOptions = {}) =>
  transport.exec(script, { often: true, ...options });
const printed = async (script: string) => (await often(script)).stdout.toString();

it('gives code and both outputs, whatever they end with', async () => {
  expect(await often('printf out; printf err >&2; exit 3')).toEqual({
    code: 3,
    signal: null,
    stdout: Buffer.from('out'),
    stderr: Buffer.from('err'),
  });
  expect(await often('true')).toEqual({
    code: 0,
    signal: null,
    stdout: Buffer.alloc(0),
    stderr: Buffer.alloc(0),
  });
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const octal = [...all].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  expect((await often(`printf '${octal}'`)).stdout.equals(all)).toBe(true);
});

it('gives each script a shell process and an empty input of its own', async () => {
  const first = await printed('echo $$; LEFT=over; export LEFT; cd /tmp; umask 000; trap "" TERM; wc -c');
  const second = await printed('echo $$; echo "$LEFT"; pwd; umask');
  expect(first.split('\n')[0]).not.toBe(second.split('\n')[0]);
  expect(first.trim().endsWith('0')).toBe(true);
  expect(second.split('\n').slice(1, 3)).toEqual(['', '/']);
  expect(second).not.toContain('0000');
});

it('is one login for many scripts', async () => {
  const parent = 'ps -o ppid= -p $$';
  const seen = new Set<string>();
  for (let i = 0; i < 5; i += 1) seen.add((await printed(parent)).trim());
  expect(seen.size).toBe(1);
  const many = await Promise.all(Array.from({ length: 20 }, () => printed(parent)));
  expect(new Set(many.map((pid) => pid.trim())).size).toBeLessThanOrEqual(2);
});

it('outlives a script that ends in a bad way', async () => {
  expect((await often('kill -9 $$')).code).toBe(137);
  expect((await often('if then')).code).not.toBe(0);
  expect((await often('exec false')).code).toBe(1);
  expect(await printed('echo fine')).toBe('fine\n');
});

it('takes megabytes, and no more than was asked for', async () => {
  const { stdout } = await often('yes x | head -c 3000000', { max_bytes: 3_000_000 });
  expect(stdout.equals(Buffer.from('x\n'.repeat(1_500_000)))).toBe(true);
  await expect(often('yes', { max_bytes: 10_000 })).rejects.toThrow(OutputLimitError);
  expect(await printed('echo fine')).toBe('fine\n');
});

it('gives up a script that is aborted or takes too long, and goes on with another shell', async () => {
  const controller = new AbortController();
  const aborted = often('sleep 600', { signal: controller.signal });
  setTimeout(() => controller.abort(new Error('enough')), 300);
  await expect(aborted).rejects.toThrow('enough');
  // The next shell is open before the time counts that a script may take.
  expect(await printed('echo fine')).toBe('fine\n');
  await expect(often('sleep 3', { timeout_ms: 300 })).rejects.toMatchObject({ code: 'connection_lost' });
  expect(await printed('echo fine')).toBe('fine\n');
});

it('longer scripts than one argument may be run as well', async () => {
  expect(await printed(`: ${'x'.repeat(131_040)}\necho fine`)).toBe('fine\n');
});

it('what waits for a shell can be taken back', async () => {
  const busy = [often('sleep 0.6'), often('sleep 0.6')];
  const controller = new AbortController();
  const waiting = often('echo never', { signal: controller.signal });
  controller.abort(new Error('not needed'));
  await expect(waiting).rejects.toThrow('not needed');
  await Promise.all(busy);
  expect(await printed('echo fine')).toBe('fine\n');
});
