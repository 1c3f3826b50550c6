/** A repository in a Gitea of the tests, and what people do in it. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type {
  CreateHookOption,
  CreatePullReviewOptions,
  Issue,
  Label,
  PullRequest,
  PullReview,
} from 'gitea-js';
import type { GiteaServer, GiteaUser } from './gitea';
import { waitUntil } from './wait-until';

/** All that Signalbox listens to. */
export const HOOK_EVENTS = [
  'issues',
  'issue_label',
  'issue_comment',
  'pull_request',
  'pull_request_comment',
  'pull_request_sync',
  'pull_request_review_approved',
  'pull_request_review_rejected',
  'pull_request_review_comment',
  'push',
];

export interface PushOptions {
  as: GiteaUser;
  branch: string;
  /** Content by path. */
  files: Record<string, string>;
  /** Where a new branch begins. */
  from?: string;
  force?: boolean;
}

export interface GiteaRepository {
  /** `owner/name`. */
  full_name: string;
  clone_url: string;
  addCollaborator(login: string, permission: 'read' | 'write' | 'admin'): Promise<void>;
  createHook(hook: {
    url: string;
    secret?: string;
    events?: string[];
    type?: CreateHookOption['type'];
  }): Promise<number>;
  createLabel(name: string): Promise<Label>;
  createIssue(
    as: GiteaUser,
    issue: { title: string; body?: string; labels?: string[] },
  ): Promise<Issue & { number: number }>;
  /** All that it is to have; those that the repository does not have are made. */
  setLabels(as: GiteaUser, issue: number, labels: string[]): Promise<void>;
  /** Commits and pushes over HTTP, as git does. @returns the new head */
  push(options: PushOptions): Promise<string>;
  openPull(
    as: GiteaUser,
    pull: { head: string; base?: string; title: string; body?: string },
  ): Promise<PullRequest & { number: number }>;
  review(as: GiteaUser, pull: number, review: CreatePullReviewOptions): Promise<PullReview & { id: number }>;
  merge(as: GiteaUser, pull: number, how?: { delete_branch_after_merge?: boolean }): Promise<void>;
}

/** Made with one commit on `main`. */
export async function createRepository(
  server: GiteaServer,
  owner: GiteaUser,
  name: string,
  { isPrivate = false } = {},
): Promise<GiteaRepository> {
  const { data: made } = await owner.api.user.createCurrentUserRepo({
    name,
    auto_init: true,
    default_branch: 'main',
    private: isPrivate,
  });
  const at = [owner.login, name] as const;
  const labelIds = new Map<string, number>();

  async function createLabel(label: string): Promise<Label> {
    const { data } = await owner.api.repos.issueCreateLabel(...at, { name: label, color: '#00aabb' });
    labelIds.set(label, data.id ?? 0);
    return data;
  }

  const idsOf = async (labels: string[]) => {
    const ids: number[] = [];
    for (const label of labels) ids.push(labelIds.get(label) ?? (await createLabel(label)).id ?? 0);
    return ids;
  };

  return {
    full_name: `${owner.login}/${name}`,
    clone_url: made.clone_url ?? '',
    createLabel,
    async addCollaborator(login, permission) {
      await owner.api.repos.repoAddCollaborator(...at, login, { permission });
    },
    async createHook({ url, secret = '', events = HOOK_EVENTS, type = 'gitea' }) {
      const config = { url, content_type: 'json', secret };
      const { data } = await owner.api.repos.repoCreateHook(...at, { type, config, events, active: true });
      return data.id ?? 0;
    },
    async createIssue(as, { labels = [], ...issue }) {
      const { data } = await as.api.repos.issueCreateIssue(...at, { ...issue, labels: await idsOf(labels) });
      return numbered(data);
    },
    async setLabels(as, issue, labels) {
      // One by one, as the page does it: of a replacement Gitea delivers an empty list.
      const wanted = await idsOf(labels);
      const { data: now } = await as.api.repos.issueGetLabels(...at, issue);
      for (const { id = 0 } of now)
        if (!wanted.includes(id)) await as.api.repos.issueRemoveLabel(...at, issue, id);
      const missing = wanted.filter((id) => !now.some((label) => label.id === id));
      if (missing.length > 0) await as.api.repos.issueAddLabel(...at, issue, { labels: missing });
    },
    push: (options) => push(`${server.url}/${at.join('/')}.git`, options),
    async openPull(as, { base = 'main', ...pull }) {
      const { data } = await as.api.repos.repoCreatePullRequest(...at, { base, ...pull });
      return numbered(data);
    },
    async review(as, pull, review) {
      const { data } = await as.api.repos.repoCreatePullReview(...at, pull, review);
      return { ...data, id: data.id ?? 0 };
    },
    async merge(as, pull, how = {}) {
      // While it looks into what was pushed, Gitea refuses with 405.
      await waitUntil(async () => (await as.api.repos.repoGetPullRequest(...at, pull)).data.mergeable, {
        what: `pull request ${pull} to be mergeable`,
      });
      await as.api.repos.repoMergePullRequest(...at, pull, { Do: 'merge', ...how });
    },
  };
}

const numbered = <T extends { number?: number }>(one: T) => ({ ...one, number: one.number ?? 0 });

const run = promisify(execFile);

async function git(cwd: string, ...args: string[]): Promise<string> {
  const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  return (await run('git', [...author, ...args], { cwd, encoding: 'utf8' })).stdout.trim();
}

/** The loop goes on meanwhile: one that stands still turns the webhooks of this very push away. */
async function push(
  url: string,
  { as, branch, files, from = 'main', force = false }: PushOptions,
): Promise<string> {
  const remote = new URL(url);
  remote.username = as.login;
  remote.password = as.token;
  const root = mkdtempSync(join(tmpdir(), 'signalbox-push-'));
  const clone = join(root, 'clone');
  try {
    await git(root, 'clone', '-q', remote.href, clone);
    const known = (await git(clone, 'ls-remote', '--heads', 'origin', `refs/heads/${branch}`)) !== '';
    await git(clone, 'checkout', '-q', '-B', branch, `origin/${known && !force ? branch : from}`);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(clone, path)), { recursive: true });
      writeFileSync(join(clone, path), text);
    }
    await git(clone, 'add', '.');
    await git(clone, 'commit', '-q', '-m', `change ${Object.keys(files).join(', ')}`);
    await git(clone, 'push', '-q', ...(force ? ['--force'] : []), 'origin', branch);
    return await git(clone, 'rev-parse', 'HEAD');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
