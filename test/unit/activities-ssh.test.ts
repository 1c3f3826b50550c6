import { describe, expect, it } from '@jest/globals';
import { EngineWatch } from '../../activities/ssh/engine-watch';
import { parseFields } from '../../activities/ssh/fields';
import { LocalTransport } from '../../activities/ssh/local-transport';
import { assignments, sh } from '../../activities/ssh/sh';
import { OutputLimitError } from '../../activities/ssh/transport';
import { waitUntil } from '../helpers/wait-until';

describe('sh text', () => {
  it('keeps backslashes, and lets ${ and backticks be written', () => {
    expect(sh`printf '%s\n' "\${x##*/}" \`date\` \$y \\`).toBe(
      "printf '%s\\n' \"$" + '{x##*/}" `date` \\$y \\\\',
    );
  });
  it('assignments quote', () => {
    expect(assignments({ a: "it's", b: 3 })).toBe("a='it'\\''s'\nb='3'\n");
  });
});

describe('fields', () => {
  it('are lines up to an empty one; bytes follow', () => {
    const bytes = Buffer.concat([
      Buffer.from('started\nstate over\nrc code=\nrc reason=exit\n\n'),
      Buffer.from([10, 10, 255]),
    ]);
    const { fields, rest } = parseFields(bytes);
    expect([...fields]).toEqual([
      ['started', ''],
      ['state', 'over'],
      ['rc code', ''],
      ['rc reason', 'exit'],
    ]);
    expect(rest).toEqual(Buffer.from([10, 10, 255]));
  });
  it('without an empty line there are no bytes', () => {
    expect(parseFields(Buffer.from('a b c\n'))).toEqual({
      fields: new Map([['a', 'b c']]),
      rest: Buffer.alloc(0),
    });
  });
});

describe('the local transport', () => {
  const transport = new LocalTransport({ env: { PATH: process.env.PATH ?? '', ONLY: 'this' } });

  it('gives input, code, and both outputs', async () => {
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

  it('bears a script that does not read its input', async () => {
    expect((await transport.exec('exit 0', { stdin: Buffer.alloc(1_000_000) })).code).toBe(0);
  });

  it('passes only the environment that it was given', async () => {
    const { stdout } = await transport.exec('env');
    const names = stdout.toString().match(/^\w+(?==)/gm) ?? [];
    expect(names.filter((name) => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name)).sort()).toEqual([
      'ONLY',
      'PATH',
    ]);
  });

  it('refuses more output than was asked for, and ends the script', async () => {
    await expect(transport.exec('yes', { max_bytes: 10_000 })).rejects.toThrow(OutputLimitError);
  });

  it('an abort ends the script and what it started, and rejects with the reason', async () => {
    const controller = new AbortController();
    const began = Date.now();
    const ended = transport.exec('sleep 600 & sleep 600', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(ended).rejects.toThrow('enough');
    expect(Date.now() - began).toBeLessThan(10_000);
    await expect(transport.exec('true', { signal: controller.signal })).rejects.toThrow('enough');
  });

  it('once closed it runs nothing', async () => {
    const closed = new LocalTransport({ env: {} });
    const running = closed.exec('sleep 600');
    const lost = expect(running).rejects.toMatchObject({ code: 'connection_lost' });
    await closed.close();
    await lost;
    await expect(closed.exec('true')).rejects.toMatchObject({ code: 'connection_lost' });
  });
});

describe('the engine watch', () => {
  it('believes without anyone to ask', () => {
    expect(new EngineWatch(undefined, 0).heard()).toBe(true);
  });

  it('bears silence for a while, and hears again', async () => {
    let answer = () => Promise.reject<boolean>(new Error('away'));
    const watch = new EngineWatch(() => answer(), 100);
    expect(watch.heard()).toBe(true);
    await waitUntil(
      () => {
        watch.ask();
        return !watch.heard();
      },
      { what: 'the silence to be noticed' },
    );
    answer = () => Promise.resolve(true);
    await waitUntil(
      () => {
        watch.ask();
        return watch.heard();
      },
      { what: 'the engine to be heard' },
    );
  });
});
