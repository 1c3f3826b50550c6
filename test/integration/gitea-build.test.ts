/** The script that builds Gitea for the tests, with a `go` that only pretends to. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';

const BUILD = join(__dirname, '..', 'gitea', 'build.mjs');
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-gitea-build-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A `go` that notes each build, and does this for it; `$out` is where the program is to be. */
function fakeGo(build: string): void {
  const source = join(root, 'source');
  for (const folder of ['templates', 'options', 'public'])
    mkdirSync(join(source, folder), { recursive: true });
  writeFileSync(join(source, 'templates', 'page'), 'x', { mode: 0o444 });
  mkdirSync(join(root, 'bin'));
  const lines = [
    '#!/bin/sh',
    `[ "$1" = list ] && { echo '${source}'; exit; }`,
    `echo built >> '${join(root, 'builds')}'`,
    'while [ "$1" != -o ]; do shift; done',
    'out=$2',
    build,
  ];
  writeFileSync(join(root, 'bin', 'go'), lines.join('\n'));
  chmodSync(join(root, 'bin', 'go'), 0o755);
}

function runBuild(path: string): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, PATH: path, XDG_CACHE_HOME: join(root, 'cache') };
    const child = spawn(process.execPath, [BUILD], { env });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.once('close', (code) => resolve({ code, out: out.trim(), err }));
  });
}

const withFake = () => `${join(root, 'bin')}:${process.env.PATH}`;
const builds = () => readFileSync(join(root, 'builds'), 'utf8').split('\n').length - 1;

it('says what to install where there is no Go', async () => {
  const { code, out, err } = await runBuild(join(root, 'nothing'));
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/no `go` on the PATH.\s*Install Go/);
});

it('builds once for all who ask, and not again', async () => {
  fakeGo('sleep 1; echo program > "$out"; chmod 755 "$out"');
  const both = await Promise.all([runBuild(withFake()), runBuild(withFake())]);
  const folder = both[0]?.out ?? '';
  expect(both.map(({ code, out }) => ({ code, out }))).toEqual([
    { code: 0, out: folder },
    { code: 0, out: folder },
  ]);
  expect(readFileSync(join(folder, 'gitea'), 'utf8')).toBe('program\n');
  expect(existsSync(join(folder, 'static', 'templates', 'page'))).toBe(true);
  await runBuild(withFake());
  expect(builds()).toBe(1);
});

it('leaves nothing that a later run would take for a build', async () => {
  fakeGo('echo half > "$out"; echo no such module >&2; exit 3');
  const { code, err } = await runBuild(withFake());
  expect(code).toBe(1);
  expect(err).toMatch(/go build ended with 3:\s*no such module/);
  await runBuild(withFake());
  expect(builds()).toBe(2);
  const folder = join(root, 'cache', 'signalbox', 'gitea');
  expect(readdirSync(folder)).toEqual([]);
});
