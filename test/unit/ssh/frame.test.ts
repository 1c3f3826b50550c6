import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { Collector } from '../../../activities/ssh/remote/collector';
import { frameOf, SCRIPT_COMMAND, SHELL_COMMAND, shellRequest } from '../../../activities/ssh/remote/frame';

const run = (command: string, input: Buffer | string) => spawnSync('/bin/sh', ['-c', command], { input });

describe('the command line of a script', () => {
  it('holds nothing that a login shell would take in its own way', () => {
    for (const command of [SCRIPT_COMMAND, SHELL_COMMAND]) {
      const [, inner] = /^exec \/bin\/sh -c '(.*)'$/s.exec(command) ?? [];
      expect(inner).toBeDefined();
      expect(inner).not.toMatch(/['\\!\n]/);
    }
  });

  it('does not run a script that was cut short', () => {
    const { head } = frameOf('echo begun\n: and more', true);
    for (let length = 0; length < head.length; length += 1) {
      const { status, stdout } = run(SCRIPT_COMMAND, head.subarray(0, length));
      expect(stdout.toString()).toBe('');
      expect(status).toBe(1);
    }
    expect(run(SCRIPT_COMMAND, head).stdout.toString()).toContain('begun\n');
  });

  it('leaves what comes after the script to the script', () => {
    const { head } = frameOf('cat', true);
    const input = Buffer.from([0, 255, 10, 10, 39]);
    const { stdout } = run(SCRIPT_COMMAND, Buffer.concat([head, input]));
    expect(stdout.subarray(-input.length)).toEqual(input);
  });

  it('works with a dd that knows no fullblock, too', () => {
    const { head } = frameOf('echo "in: $(cat)"', true);
    const old = 'dd() { case "$*" in *fullblock*) return 1 ;; esac; command dd "$@"; }; ';
    const program = SCRIPT_COMMAND.replace(/^exec \/bin\/sh -c '(.*)'$/s, '$1');
    expect(run(old + program, Buffer.concat([head, Buffer.from('rest')])).stdout.toString()).toContain(
      'in: rest\n',
    );
  });
});

describe('a shell that stays', () => {
  it('runs one request after the other, and ends with its input', () => {
    const requests = ['echo one', 'exit 7', 'printf three'].map(shellRequest);
    const { stdout, status } = run(SHELL_COMMAND, Buffer.concat(requests.map(({ bytes }) => bytes)));
    expect(status).toBe(0);
    const marks = requests.map(({ mark }) => mark.toString());
    expect(stdout.toString().replace(/ \d+\n/g, ' PID\n')).toBe(
      `${marks[0]} PID\none\n${marks[0]} 0,${marks[1]} PID\n${marks[1]} 7,${marks[2]} PID\nthree${marks[2]} 0,`,
    );
  });
});

describe('what is collected', () => {
  const MARK = Buffer.from('0123456789abcdef01234567');
  const pieces = (text: string, size: number) =>
    Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
      Buffer.from(text.slice(i * size, (i + 1) * size)),
    );

  it.each([1, 2, 7, 30, 1000])('is what comes after the mark, in pieces of %d', (size) => {
    const collector = new Collector(MARK, 100);
    const ends = pieces(`noise\n${MARK} 42\nout${MARK} 7,`, size).map((piece) => {
      expect(collector.take(piece)).toBe(true);
      return collector.endCode();
    });
    expect(collector.pid).toBe(42);
    expect(collector.noise.toString()).toBe('noise\n');
    expect(ends.slice(0, -1).every((end) => end === null)).toBe(true);
    expect(ends.at(-1)).toBe(7);
    expect(collector.bytesBefore(7).toString()).toBe('out');
  });

  it('is limited; noise is not counted, and not kept for ever', () => {
    const collector = new Collector(MARK, 10);
    for (let i = 0; i < 100; i += 1) expect(collector.take(Buffer.alloc(10_000))).toBe(true);
    expect(collector.noise.length).toBeLessThanOrEqual(65_536);
    expect(collector.take(Buffer.from(`${MARK} 1\n0123456789`))).toBe(true);
    expect(collector.take(Buffer.from('x'))).toBe(false);
  });
});
