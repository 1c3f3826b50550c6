import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { cliCacheDir, isRecent, resolveTemporalCli } from '../../../workers/temporal/resolve-cli';

/** Building the real one takes minutes: scripts stand in for `go` and `temporal`. */
describe('finding the temporal command', () => {
  let root: string;
  let said: string[];
  const say = (message: string) => said.push(message);
  const script = (path: string, body: string) => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const temporal = (path: string, server: string) =>
    script(path, `echo "temporal version 1.0 (Server ${server}, UI 2.0)"`);
  const resolve = (changes: { temporalCli?: string; searchPath?: string[] } = {}) =>
    resolveTemporalCli({ temporalCli: null, searchPath: [], cacheDir: join(root, 'cache'), ...changes }, say);
  const cached = () => join(cliCacheDir(join(root, 'cache')), 'temporal');
  const fakeGo = (body: string) => script(join(root, 'go', 'go'), body);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'signalbox-cli-'));
    said = [];
  });

  it('takes the one that is named, before all others', async () => {
    const named = script(join(root, 'named'), '');
    temporal(join(root, 'bin', 'temporal'), '1.29.1');
    await expect(resolve({ temporalCli: named, searchPath: [join(root, 'bin')] })).resolves.toBe(named);
  });

  it('refuses a named one that is no program', async () => {
    await expect(resolve({ temporalCli: join(root, 'nothing') })).rejects.toThrow(
      'SIGNALBOX_TEMPORAL_CLI: expected a program',
    );
  });

  it('takes the one on the PATH, before the cached one', async () => {
    const onPath = temporal(join(root, 'bin', 'temporal'), '1.29.1');
    temporal(cached(), '1.29.1');
    await expect(resolve({ searchPath: [join(root, 'none'), join(root, 'bin')] })).resolves.toBe(onPath);
  });

  it('passes over one on the PATH that is too old, and says so', async () => {
    temporal(join(root, 'bin', 'temporal'), '1.24.2');
    temporal(cached(), '1.29.1');
    await expect(resolve({ searchPath: [join(root, 'bin')] })).resolves.toBe(cached());
    expect(said.join()).toContain('it brings server 1.24, 1.28 is needed');
  });

  it('builds with Go when there is none, once for all who ask at the same time', async () => {
    const log = join(root, 'go.log');
    fakeGo(`echo "$@" >> ${log}; sleep 0.2; printf '#!/bin/sh\\n' > "$GOBIN/temporal"`);
    const searchPath = [join(root, 'go')];
    const found = await Promise.all([
      resolve({ searchPath }),
      resolve({ searchPath }),
      resolve({ searchPath }),
    ]);
    expect(found).toEqual([cached(), cached(), cached()]);
    expect(readFileSync(log, 'utf8')).toBe('install github.com/temporalio/cli/cmd/temporal@v1.5.1\n');
    expect(said.join()).toContain('about 5 minutes');
    await expect(resolve()).resolves.toBe(cached());
  });

  it('leaves no half-built command behind when it is told to stop', async () => {
    fakeGo('printf half > "$GOBIN/temporal"; exec sleep 60');
    const stop = new AbortController();
    const resolving = resolveTemporalCli(
      { temporalCli: null, searchPath: [join(root, 'go')], cacheDir: join(root, 'cache') },
      () => stop.abort(),
      stop.signal,
    );
    await expect(resolving).rejects.toThrow(/abort/i);
    expect(existsSync(cached())).toBe(false);
  });

  it.each([
    ['1.28', true],
    ['1.29', true],
    ['2.0', true],
    ['1.27', false],
    ['0.99', false],
    [null, false],
  ])('server %s is recent: %s', (version, recent) => {
    expect(isRecent(version)).toBe(recent);
  });
});
