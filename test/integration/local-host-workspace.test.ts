/** Work directories: real git, an origin that stands for a forge. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commit, gitOrigin, tipOf } from '../helpers/git-origin';
import { git, localHost } from '../helpers/local-host';
import { waitUntil } from '../helpers/wait-until';

let host: ReturnType<typeof localHost>;
let origin: string;

beforeEach(() => {
  host = localHost();
  origin = gitOrigin(host.root);
});
afterEach(() => host.close());

const BRANCH = 'signalbox/task-1';
const run = (fields: Parameters<typeof host.run>[0]) =>
  host.run({ task_id: 'org/repo#1', repository: origin, branch_name: BRANCH, ...fields });

const tip = (branch: string) => tipOf(origin, branch);

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

it.each(['-x', 'a..b', 'ends.lock', 'sp ace'])('the branch name %j is refused', async (branch_name) => {
  await expect(
    host.activities.startRun(host.request({ repository: origin, branch_name })),
  ).rejects.toMatchObject({ type: 'work_dir_failed' });
});

it('without a repository a task keeps its directory from attempt to attempt', async () => {
  await host.run({ task_id: 'plain', script: 'echo one > file; exit 1' });
  expect((await host.run({ task_id: 'plain', script: 'cat file' })).receipt?.summary).toBe('one');
});
