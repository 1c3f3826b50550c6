/** Work directories: real git, an origin that stands for a forge. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { activityEnvironment, git, localHost } from '../helpers/local-host';
import { waitUntil } from '../helpers/wait-until';

jest.setTimeout(60_000);

let host: ReturnType<typeof localHost>;
let origin: string;

beforeEach(() => {
  host = localHost();
  origin = join(host.root, 'origin.git');
  const seed = join(host.root, 'seed');
  git(host.root, 'init', '-q', '--bare', '-b', 'trunk', origin);
  git(host.root, 'clone', '-q', origin, seed);
  git(seed, 'checkout', '-q', '-b', 'trunk');
  writeFileSync(join(seed, 'README'), 'hello\n');
  git(seed, 'add', '.');
  git(seed, 'commit', '-q', '-m', 'first');
  git(seed, 'push', '-q', 'origin', 'trunk');
});
afterEach(() => host.close());

const BRANCH = 'signalbox/task-1';
const run = (fields: Parameters<typeof host.run>[0]) =>
  host.run({ task_id: 'org/repo#1', repository: origin, branch_name: BRANCH, ...fields });

const commit = (file: string, text = 'x') =>
  `echo '${text}' > '${file}' && git add . && git commit -q -m 'add ${file}'`;

const tip = (branch: string) => git(origin, 'rev-parse', `refs/heads/${branch}`);

describe('a task in a repository', () => {
  it('works on its branch from the default branch, and the commit is at the origin', async () => {
    const { receipt, checkpoint, failure } = await run({
      script: `git branch --show-current; ${commit('a file')}`,
    });
    expect(failure).toBeNull();
    expect(receipt?.summary).toBe(BRANCH);
    expect(receipt?.artifacts).toEqual({ branch: BRANCH, commit: tip(BRANCH), changed_files: ['a file'] });
    expect(checkpoint).toEqual({ branch: BRANCH, commit: tip(BRANCH) });
    expect(git(origin, 'show', `${BRANCH}:README`)).toBe('hello');
    expect(git(origin, 'log', '--format=%s', BRANCH)).toBe('add a file\nfirst');
    expect(git(origin, 'log', '--format=%s', 'trunk')).toBe('first');
  });

  it('pushes nothing when there is nothing new', async () => {
    const { receipt, checkpoint } = await run({ script: 'cat README' });
    expect(receipt).toMatchObject({ summary: 'hello', artifacts: { changed_files: [] } });
    expect(receipt?.artifacts.commit).toBeUndefined();
    expect(checkpoint).toBeNull();
    expect(git(origin, 'branch', '--list')).not.toContain(BRANCH);
  });

  it('keeps the names of files as they are', async () => {
    const name = 'sp ace\'quote"é\n.txt';
    const { receipt } = await run({
      script: `node -e 'require("fs").writeFileSync(JSON.parse(process.argv[1]),"")' '${JSON.stringify(name).replaceAll("'", "'\\''")}'; git add .; git commit -qm n`,
    });
    expect(receipt?.artifacts.changed_files).toEqual([name]);
  });

  it('a failed attempt leaves its commits for the next one, on any host', async () => {
    const first = await run({ script: `${commit('half')}; exit 1` });
    expect(first.failure?.code).toBe('exit_code');
    expect(first.checkpoint).toEqual({ branch: BRANCH, commit: tip(BRANCH) });

    const elsewhere = localHost();
    try {
      const request = { task_id: 'org/repo#1', repository: origin, branch_name: BRANCH };
      const second = await elsewhere.run({ ...request, script: `cat half; ${commit('rest')}` });
      expect(second.receipt?.artifacts.changed_files?.sort()).toEqual(['half', 'rest']);
    } finally {
      await elsewhere.close();
    }

    // And back: what the other host did is here now.
    const third = await run({ script: 'ls' });
    expect(third.receipt?.summary).toBe('README\nhalf\nrest');
  });

  it('starts a second attempt clean; what was left uncommitted is stashed, not lost', async () => {
    await run({ script: 'echo dirty > README; echo new > untracked; touch .git/index.lock; exit 1' });
    const { receipt } = await run({ script: 'git status --porcelain; cat README; git stash list | wc -l' });
    expect(receipt?.summary.split('\n').map((line) => line.trim())).toEqual(['hello', '1']);
  });

  it('where the branch has parted the origin counts, and ours is kept', async () => {
    await run({ script: `${commit('shared')}` });
    const seed = join(host.root, 'seed');
    git(seed, 'fetch', '-q');
    git(seed, 'checkout', '-q', '-b', BRANCH, `origin/${BRANCH}`);
    git(seed, 'commit', '-q', '--allow-empty', '-m', 'from elsewhere');
    // Not pushed, as after a kill.
    const request = host.request({
      task_id: 'org/repo#1',
      repository: origin,
      branch_name: BRANCH,
      script: `${commit('unpushed')}; touch committed; sleep 600`,
    });
    const started = await host.activities.startRun(request);
    await waitUntil(() => existsSync(join(started.work_dir, 'committed')), { what: 'the commit' });
    await host.activities.killRun({ ...request, immediate: true });
    await host.follow(request, started).outcome;
    git(seed, 'push', '-q', 'origin', BRANCH);

    const { receipt } = await run({
      script: 'git log -1 --format=%s; git for-each-ref --format="%(subject)" refs/signalbox/kept',
    });
    expect(receipt?.summary).toBe('from elsewhere\nadd unpushed');
  });

  it('a killed run pushes nothing', async () => {
    const request = host.request({
      repository: origin,
      branch_name: BRANCH,
      script: `${commit('done')}; touch committed; sleep 600`,
    });
    const started = await host.activities.startRun(request);
    await waitUntil(() => existsSync(join(started.work_dir, 'committed')), { what: 'the commit' });
    await host.activities.killRun({ ...request, immediate: true });
    const outcome = await host.follow(request, started).outcome;
    expect(outcome).toMatchObject({ failure: { code: 'killed' }, checkpoint: null });
    expect(git(origin, 'branch', '--list')).not.toContain(BRANCH);
  });

  it('starts from the checkpoint when the branch itself is not there', async () => {
    await run({ branch_name: 'other', task_id: 'first', script: commit('other work') });
    const { receipt } = await run({ checkpoint: { branch: 'other', commit: tip('other') }, script: 'ls' });
    expect(receipt?.summary).toBe('README\nother work');
  });

  it('a clone that cannot be used any more is moved aside', async () => {
    const request = host.request({ task_id: 'org/repo#1', repository: origin, branch_name: BRANCH });
    const { work_dir } = await host.activities.startRun(request);
    await host.follow(request, await host.activities.startRun(request)).outcome;
    writeFileSync(join(work_dir, '.git', 'HEAD'), 'rubbish');
    writeFileSync(join(work_dir, 'precious'), 'x');
    expect((await run({ script: 'cat README' })).receipt?.summary).toBe('hello');
    const kept = readdirSync(join(host.root, 'work')).find((name) => name.includes('.kept.'));
    expect(readFileSync(join(host.root, 'work', kept ?? '', 'precious'), 'utf8')).toBe('x');
  });

  it('an empty repository gets its first commit', async () => {
    const empty = join(host.root, 'empty.git');
    git(host.root, 'init', '-q', '--bare', empty);
    const { receipt } = await run({ repository: empty, script: commit('first') });
    expect(receipt?.artifacts.changed_files).toEqual(['first']);
    expect(git(empty, 'rev-parse', `refs/heads/${BRANCH}`)).toBe(receipt?.artifacts.commit);
  });

  it('a push that the origin refuses is a failure that says why', async () => {
    const hook = join(origin, 'hooks', 'pre-receive');
    mkdirSync(join(origin, 'hooks'), { recursive: true });
    writeFileSync(hook, '#!/bin/sh\necho "closed for the season" >&2\nexit 1\n');
    chmodSync(hook, 0o755);
    const outcome = await run({ script: commit('x') });
    expect(outcome.failure).toMatchObject({
      code: 'push_failed',
      message: expect.stringContaining('closed for the season'),
    });
    expect(outcome.checkpoint).toBeNull();
  });

  it('never forces', async () => {
    await run({ script: commit('one') });
    const before = tip(BRANCH);
    const outcome = await run({ script: 'git commit -q --amend -m rewritten' });
    expect(outcome.failure?.code).toBe('push_failed');
    expect(tip(BRANCH)).toBe(before);
  });

  it('hooks that the agent leaves do not run in what Signalbox does', async () => {
    const script = `mkdir -p .git/hooks; printf '#!/bin/sh\\ntouch ${host.root}/HOOKED\\n' > .git/hooks/pre-push; chmod +x .git/hooks/pre-push; ${commit('x')}`;
    expect((await run({ script })).failure).toBeNull();
    expect(existsSync(join(host.root, 'HOOKED'))).toBe(false);
  });

  it('commits without an identity of the user', async () => {
    const anonymous = localHost({ env: { HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' } });
    try {
      const outcome = await anonymous.run({
        repository: origin,
        branch_name: BRANCH,
        script: `${commit('x')}; git log -1 --format='%an <%ae>'`,
      });
      expect(outcome.receipt?.summary).toBe('Signalbox <signalbox@localhost>');
    } finally {
      await anonymous.close();
    }
  });
});

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

it.each(['-x', 'a..b', 'ends.lock', 'sp ace'])('the branch name %j is refused', async (branch_name) => {
  await expect(
    host.activities.startRun(host.request({ repository: origin, branch_name })),
  ).rejects.toMatchObject({ type: 'work_dir_failed' });
});

it('without a repository a task keeps its directory from attempt to attempt', async () => {
  await host.run({ task_id: 'plain', script: 'echo one > file; exit 1' });
  expect((await host.run({ task_id: 'plain', script: 'cat file' })).receipt?.summary).toBe('one');
});
