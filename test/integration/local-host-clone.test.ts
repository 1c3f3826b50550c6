/** Clones: of a repository by URL, and ones that take long. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commit, gitOrigin, tipOf } from '../helpers/git-origin';
import { activityEnvironment, git, localHost } from '../helpers/local-host';
import { waitUntil } from '../helpers/wait-until';

let host: ReturnType<typeof localHost>;
let origin: string;

beforeEach(() => {
  host = localHost();
  origin = gitOrigin(host.root);
});
afterEach(() => host.close());

const BRANCH = 'signalbox/task-1';
const tip = (branch: string) => tipOf(origin, branch);

describe('a repository by URL', () => {
  const url = () => `git-over://user:hunter2@${origin}`;

  it('is cloned once, and each task works in its own clone', async () => {
    // A URL by way of git's own rewriting; file:// itself counts as local.
    const env = {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `url.${origin}.insteadOf`,
      GIT_CONFIG_VALUE_0: 'forge:repo',
    };
    const remote = localHost({ env });
    try {
      const request = { repository: 'forge:repo', branch_name: BRANCH };
      const [one, two] = await Promise.all([
        remote.run({ ...request, task_id: 'one', script: commit('one') }),
        remote.run({
          ...request,
          task_id: 'two',
          branch_name: 'b2',
          script: `${commit('two')}; git remote -v`,
        }),
      ]);
      expect(one.receipt?.artifacts.commit).toBe(tip(BRANCH));
      expect(two.receipt?.artifacts.commit).toBe(tip('b2'));
      expect(readdirSync(join(remote.root, 'work', '.mirrors'))).toHaveLength(1);

      const seed = join(host.root, 'seed');
      git(seed, 'commit', '-q', '--allow-empty', '-m', 'later');
      git(seed, 'push', '-q', 'origin', 'trunk');
      const three = await remote.run({
        ...request,
        task_id: 'three',
        branch_name: 'b3',
        script: 'git log -1 --format=%s',
      });
      expect(three.receipt?.summary).toBe('later');
    } finally {
      await remote.close();
    }
  });

  it('that cannot be cloned fails with the words of git, without credentials', async () => {
    const error = await host.activities
      .startRun(host.request({ repository: url(), branch_name: BRANCH }))
      .catch((reason: unknown) => reason as Error & { type: string });
    expect(error).toMatchObject({ type: 'work_dir_failed' });
    expect(String((error as Error).message)).toContain('git-over');
    expect(String((error as Error).message)).not.toContain('hunter2');
  });
});

/** A `git` on the path whose clone waits until a file is there. */
function slowGit(go: string): Record<string, string> {
  const bin = join(host.root, 'slow-bin');
  mkdirSync(bin);
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  const wait = `case " $* " in *" clone "*) echo >> ${go}.clones; while [ ! -e ${go} ]; do sleep 0.02; done ;; esac`;
  writeFileSync(join(bin, 'git'), `#!/bin/sh\n${wait}\nexec ${real} "$@"\n`, { mode: 0o755 });
  return { PATH: `${bin}:${process.env.PATH}` };
}

it('a start that is repeated while it still clones waits for it, and heartbeats', async () => {
  const go = join(host.root, 'go');
  const slow = localHost({ env: slowGit(go) });
  try {
    const request = slow.request({ repository: origin, branch_name: BRANCH, script: 'ls' });
    const first = slow.startIn(activityEnvironment(), request);
    await waitUntil(() => existsSync(`${go}.clones`), { what: 'the clone to begin' });
    const env = activityEnvironment();
    let beats = 0;
    env.on('heartbeat', () => {
      beats += 1;
    });
    const began = Date.now();
    const second = slow.startIn(env, request);
    // Longer than another attempt would have been made to wait.
    await waitUntil(() => Date.now() - began > 6_000, { what: 'the second to have waited' });
    expect(beats).toBeGreaterThan(20);
    writeFileSync(go, '');
    expect((await first).adopted).toBe(false);
    expect((await second).adopted).toBe(true);
    expect((await slow.follow(request, await second).outcome).receipt?.summary).toBe('README');
    expect(readFileSync(`${go}.clones`, 'utf8')).toBe('\n');
  } finally {
    writeFileSync(go, '');
    await slow.close();
  }
});

it('a kill while the start still clones: it never starts', async () => {
  const go = join(host.root, 'go');
  const slow = localHost({ env: slowGit(go) });
  try {
    const request = slow.request({ repository: origin, branch_name: BRANCH });
    const start = slow.activities.startRun(request);
    await waitUntil(() => existsSync(`${go}.clones`), { what: 'the clone to begin' });
    expect(await slow.activities.killRun({ ...request, immediate: false })).toMatchObject({
      seen: 'never_started',
    });
    writeFileSync(go, '');
    await expect(start).rejects.toMatchObject({ type: 'killed' });
  } finally {
    writeFileSync(go, '');
    await slow.close();
  }
});
