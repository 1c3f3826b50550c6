/** A forge in memory, for what cannot be had of a real one: an answer that is lost at any chosen moment. */
import {
  type CommitStatus,
  type Forge,
  type ForgeComment,
  ForgeError,
  type ForgeIssue,
  type NewReview,
  type Permission,
} from '../../activities/forge/forge';
import type { PullFacts } from '../../contracts/forge';
import type { Finding } from '../../contracts/receipt';

export const REPOSITORY = 'org/repo';
const SECOND = 1_000;

export interface World {
  issues: Map<number, ForgeIssue>;
  pulls: Map<number, PullFacts>;
  diffs: Map<number, string>;
  /** Heads, by name. */
  branches: Map<string, string>;
  comments: Array<ForgeComment & { number: number }>;
  reviews: Array<NewReview & { number: number; author: string }>;
  statuses: Array<CommitStatus & { sha: string }>;
  findings: Finding[];
  permissions: Record<string, Permission>;
  now: number;
}

export type When = 'before' | 'after';

export function createMemoryForge() {
  const world: World = {
    issues: new Map(),
    pulls: new Map(),
    diffs: new Map(),
    branches: new Map([['main', 'a'.repeat(40)]]),
    comments: [],
    reviews: [],
    statuses: [],
    findings: [],
    permissions: { alice: 'write', root: 'admin', eve: 'read' },
    now: 1_700_000_000_000,
  };
  let ids = 0;
  let writes = 0;
  let fault: { at: number; when: When; error: ForgeError } | null = null;

  /** Each of these is one effect. */
  async function write<T>(effect: () => T): Promise<T> {
    writes += 1;
    const hit = fault?.at === writes ? fault : null;
    if (hit?.when === 'before') throw hit.error;
    const result = effect();
    if (hit) throw hit.error;
    return result;
  }

  const gone = (what: string) => new ForgeError('not_found', `${what} is gone`);

  const as = (login: string): Forge => ({
    me: async () => login,
    async issue(_, number) {
      const issue = world.issues.get(number);
      if (!issue) throw gone(`issue ${number}`);
      return { ...issue };
    },
    async pull(_, number) {
      const pull = world.pulls.get(number);
      if (!pull) throw gone(`pull ${number}`);
      return structuredClone(pull);
    },
    async findPull(_, head, base) {
      const found = [...world.pulls.values()].find(
        (pull) => pull.open && pull.head.branch === head && pull.base === base,
      );
      return found ? structuredClone(found) : null;
    },
    async openPull(repository, { title, head, base, body }) {
      const known = await this.findPull(repository, head, base);
      if (known) return known;
      return write(() => addPull({ title, author: login, head, base, body }));
    },
    async diff(_, number) {
      return world.diffs.get(number) ?? '';
    },
    async reviewFindings() {
      return world.findings;
    },
    async permission(_, person) {
      return world.permissions[person] ?? 'none';
    },
    async findComment(_, number, marker) {
      const found = world.comments.find(
        (one) => one.number === number && one.author === login && one.body.includes(marker),
      );
      return found ? { ...found } : null;
    },
    comment: (_, number, body) =>
      write(() => {
        ids += 1;
        const comment = { id: ids, number, body, author: login };
        world.comments.push(comment);
        return { ...comment };
      }),
    async editComment(_, id, body) {
      const comment = world.comments.find((one) => one.id === id);
      if (!comment) throw gone(`comment ${id}`);
      await write(() => {
        comment.body = body;
      });
    },
    async setStatus(_, sha, status) {
      await write(() => {
        world.statuses.push({ sha, ...status });
      });
    },
    async branchHead(_, branch) {
      return world.branches.get(branch) ?? null;
    },
    async review(_, number, review) {
      if (world.pulls.get(number)?.author === login && review.event !== 'comment') return false;
      const isThere = world.reviews.some(
        (one) => one.author === login && one.body === review.body && one.head_sha === review.head_sha,
      );
      if (!isThere) await write(() => world.reviews.push({ ...review, number, author: login }));
      return true;
    },
  });

  interface Opened {
    title?: string;
    author?: string;
    head: string;
    base?: string;
    body?: string;
  }

  function addPull({ title = 'a pull request', author = 'agent', head, base = 'main' }: Opened): PullFacts {
    const number = 100 + world.pulls.size + 1;
    const pull: PullFacts = {
      number,
      title,
      url: `http://forge.invalid/${REPOSITORY}/pulls/${number}`,
      author,
      head: { branch: head, sha: world.branches.get(head) ?? 'b'.repeat(40), repository: REPOSITORY },
      base,
      open: true,
      merged: false,
      updated_at: tick(),
    };
    world.pulls.set(number, pull);
    world.diffs.set(number, `diff --git a/x b/x\n+++ b/x\n+${pull.head.sha}\n`);
    return structuredClone(pull);
  }

  function tick() {
    world.now += SECOND;
    return world.now;
  }

  return {
    world,
    as,
    tick,
    addPull,
    /** How the issue is from now on. @returns when, as the forge has it */
    setIssue(number: number, over: Partial<ForgeIssue> = {}): number {
      const before = world.issues.get(number) ?? {
        number,
        title: 'a title',
        body: 'what to do',
        open: true,
        labels: ['signalbox'],
        url: `http://forge.invalid/${REPOSITORY}/issues/${number}`,
        is_pull: false,
      };
      world.issues.set(number, { ...before, ...over });
      return tick();
    },
    setPull(number: number, over: Partial<PullFacts>): PullFacts {
      const before = world.pulls.get(number);
      if (!before) throw new Error(`no pull ${number}`);
      const pull = { ...before, ...over, updated_at: tick() };
      world.pulls.set(number, pull);
      return structuredClone(pull);
    },
    writes: () => writes,
    /** The effect of this number, counted from now, fails before it is there, or its answer is lost. */
    failAt(at: number, when: When, error = new ForgeError('unavailable', 'the answer was lost')) {
      fault = { at: writes + at, when, error };
    },
    heal() {
      fault = null;
    },
  };
}

export type MemoryForge = ReturnType<typeof createMemoryForge>;
