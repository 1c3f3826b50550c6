/** What a script sees and gives over SSH is what it would on the local machine. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SshTransport } from '../../activities/ssh/remote/ssh-transport';
import { OutputLimitError } from '../../activities/ssh/transport';
import { type Sshd, startSshd } from '../helpers/sshd';
import { waitUntil } from '../helpers/wait-until';

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

describe('a script', () => {
  it('has input, a code, and both outputs', async () => {
    const result = await transport.exec('cat; echo err >&2; exit 3', { stdin: 'in' });
    expect(result).toEqual({
      code: 3,
      signal: null,
      stdout: Buffer.from('in'),
      stderr: Buffer.from('err\n'),
    });
  });

  it('tells a signal from a code', async () => {
    expect(await transport.exec('kill -9 $$')).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  it('has empty input where there is none', async () => {
    expect((await transport.exec('wc -c')).stdout.toString().trim()).toBe('0');
  });

  it('of any bytes arrives as it is, up to its limit', async () => {
    const text = Array.from({ length: 900 }, (_, i) => String.fromCodePoint(i + 1)).join('');
    const word = `'${text.replaceAll("'", "'\\''")}'`;
    const { stdout } = await transport.exec(`printf %s ${word}`);
    expect(stdout.toString()).toBe(text);
    const filler = `: ${'x'.repeat(131_072 - 20)}\n`;
    expect((await transport.exec(`${filler}echo end`)).stdout.toString()).toBe('end\n');
    await expect(transport.exec('#'.repeat(131_073))).rejects.toThrow(RangeError);
  });

  it('gets input of megabytes, byte for byte', async () => {
    const bytes = Buffer.alloc(6_000_000, Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
    const { stdout } = await transport.exec('cat', { stdin: bytes, max_bytes: 8_000_000 });
    expect(stdout.equals(bytes)).toBe(true);
  });

  it('may leave its input unread', async () => {
    expect((await transport.exec('exit 0', { stdin: Buffer.alloc(4_000_000) })).code).toBe(0);
  });

  it('starts in / and with nothing of the environment of Signalbox', async () => {
    process.env.SIGNALBOX_SECRET = 'top-secret';
    const { stdout } = await transport.exec('pwd; env');
    delete process.env.SIGNALBOX_SECRET;
    expect(stdout.toString()).toMatch(/^\/\n/);
    expect(stdout.toString()).not.toContain('top-secret');
  });

  it('prints no more than was asked for', async () => {
    await expect(transport.exec('yes', { max_bytes: 10_000 })).rejects.toThrow(OutputLimitError);
  });
});

describe('an abort', () => {
  it('ends the script and what it started, and rejects with the reason', async () => {
    const controller = new AbortController();
    const name = `signalbox-test-${process.pid}`;
    const ended = transport.exec(`sh -c 'sleep 600; :' ${name} & sleep 600`, { signal: controller.signal });
    const running = async () => (await transport.exec(`pgrep -f '[s]h -c sleep 600; : ${name}'`)).code === 0;
    await waitUntil(running, { what: 'the script to run' });
    controller.abort(new Error('enough'));
    await expect(ended).rejects.toThrow('enough');
    await waitUntil(async () => !(await running()), { what: 'what it started to end' });
    await expect(transport.exec('true', { signal: controller.signal })).rejects.toThrow('enough');
  });

  it('of one that ignores TERM too', async () => {
    const controller = new AbortController();
    const name = `signalbox-deaf-${process.pid}`;
    const ended = transport.exec(`trap '' TERM; : ${name}; sh -c 'while :; do sleep 0.1; done' ${name}`, {
      signal: controller.signal,
    });
    const running = async () => (await transport.exec(`pgrep -f '[s]leep 0.1; done ${name}'`)).code === 0;
    await waitUntil(running, { what: 'the script to run' });
    controller.abort(new Error('enough'));
    await expect(ended).rejects.toThrow('enough');
    await waitUntil(async () => !(await running()), { what: 'what it started to end' });
  });

  it('while it waits for a place takes it out of the queue', async () => {
    const controller = new AbortController();
    const busy = Array.from({ length: 7 }, () => transport.exec('sleep 1'));
    const waiting = transport.exec('echo never', { signal: controller.signal });
    controller.abort(new Error('not needed'));
    await expect(waiting).rejects.toThrow('not needed');
    await Promise.all(busy);
    expect((await transport.exec('true')).code).toBe(0);
  });
});

describe('many scripts', () => {
  it('share one connection, and what is urgent does not wait for the rest', async () => {
    const before = sshd.connections().length;
    const began = Date.now();
    const many = Array.from({ length: 30 }, () => transport.exec('sleep 0.5'));
    const urgent = await transport.exec('echo now', { urgent: true });
    const urgentAfter = Date.now() - began;
    expect(urgent.stdout.toString()).toBe('now\n');
    await Promise.all(many);
    // Thirty of half a second, seven at a time.
    expect(urgentAfter).toBeLessThan((Date.now() - began) / 2);
    expect(Date.now() - began).toBeGreaterThan(2_000);
    expect(sshd.connections().length).toBe(before);
  });

  it('that take long leave places for short ones', async () => {
    const go = join(sshd.directory, 'go');
    const script = `while [ ! -e ${go} ]; do sleep 0.05; done; sleep 0.7`;
    const long = Array.from({ length: 9 }, () => transport.exec(script, { long: true }));
    // They end only when it has.
    await transport.exec('true');
    const began = Date.now();
    writeFileSync(go, '');
    await Promise.all(long);
    expect(Date.now() - began).toBeGreaterThan(2_000);
  });
});

it('a time limit is a lost connection for the one who waits, not for others', async () => {
  const go = join(sshd.directory, 'go-on');
  const other = transport.exec(`while [ ! -e ${go} ]; do sleep 0.05; done; echo fine`);
  await expect(transport.exec('sleep 30', { timeout_ms: 3_000 })).rejects.toMatchObject({
    code: 'connection_lost',
  });
  writeFileSync(go, '');
  expect((await other).stdout.toString()).toBe('fine\n');
});

it('once closed it runs nothing, and nothing of it stays open', async () => {
  const closed = new SshTransport(sshd.target());
  await closed.exec('true');
  const running = closed.exec('sleep 2');
  const waiting = Array.from({ length: 12 }, () => closed.exec('sleep 2'));
  const lost = Promise.all(
    [running, ...waiting].map((one) => expect(one).rejects.toMatchObject({ code: 'connection_lost' })),
  );
  await closed.close();
  await lost;
  await expect(closed.exec('true')).rejects.toMatchObject({ code: 'connection_lost' });
});
