/** Gitea and Forgejo, whose API is the same as far as it is used here. */
import { giteaApi } from 'gitea-js';
import { z } from 'zod';
import type { PullFacts } from '../../contracts/forge';
import { FINDINGS_MAX, type Finding } from '../../contracts/receipt';
import {
  type CommitStatus,
  type Forge,
  type ForgeComment,
  ForgeError,
  type ForgeIssue,
  type NewPull,
  type Permission,
} from './forge';
import { type ForgeAccess, splitRepository } from './forge-access';
import { orMissing, orNull, PAGE, pages } from './gitea-answers';
import { guardedFetch } from './guarded-fetch';
import { openOnce } from './open-once';
import { ownLogin } from './own-login';
import { newestBy, postReview, sameLogin } from './post-review';
import {
  commentShape,
  findingOf,
  issueShape,
  pullShape,
  type ReviewFacts,
  reviewShape,
  shaped,
  userShape,
} from './shapes';

const REVIEW_PAGES = 20;
const PULL_PAGES = 10;

const EVENTS = { approve: 'APPROVED', request_changes: 'REQUEST_CHANGES', comment: 'COMMENT' } as const;
const PERMISSIONS: Record<string, Permission> = {
  owner: 'admin',
  admin: 'admin',
  write: 'write',
  read: 'read',
};

const lineCommentShape = z.object({
  path: z.string().nullish(),
  body: z.string().nullish(),
  /** Line of the new file; 0 when it is about a line that was removed. */
  position: z.number().nullish(),
});

export function openGitea({ url, token, timeoutMs, jsonMaxBytes, diffMaxBytes }: ForgeAccess): Forge {
  const api = giteaApi(url, {
    token,
    customFetch: guardedFetch({ timeoutMs, maxBytes: jsonMaxBytes, expects: 'json' }),
  });
  const diffs = giteaApi(url, {
    token,
    customFetch: guardedFetch({ timeoutMs, maxBytes: diffMaxBytes, expects: 'diff' }),
  });
  const me = ownLogin(async () => {
    const { data } = await api.user.userGetCurrent();
    return shaped(userShape, data, 'the user of the token').login;
  });

  async function issue(repository: string, number: number): Promise<ForgeIssue> {
    const { data } = await api.repos.issueGetIssue(...splitRepository(repository), number);
    return shaped(issueShape, data, 'an issue');
  }

  async function pull(repository: string, number: number): Promise<PullFacts> {
    const { data } = await api.repos.repoGetPullRequest(...splitRepository(repository), number);
    return shaped(pullShape, data, 'a pull request');
  }

  async function findPull(repository: string, head: string, base: string): Promise<PullFacts | null> {
    const at = splitRepository(repository);
    const any = await orNull(
      api.repos.repoGetPullRequestByBaseHead(...at, encodeURIComponent(base), encodeURIComponent(head)),
    );
    if (any === null) return null;
    const one = shaped(pullShape, any.data, 'a pull request');
    if (one.open) return one;
    // Of several of the same branches Gitea gives any, so an open one has to be looked for.
    const open = pages(
      (page) =>
        api.repos.repoListPullRequests(...at, { state: 'open', sort: 'recentupdate', page, limit: PAGE }),
      PULL_PAGES,
    );
    for await (const answer of open) {
      const found = shaped(pullShape, answer, 'a pull request');
      const isOfHere = sameLogin(found.head.repository ?? '', repository);
      if (isOfHere && found.head.branch === head && found.base === base) return found;
    }
    return null;
  }

  const openPull = (repository: string, wanted: NewPull): Promise<PullFacts> =>
    openOnce(
      () => findPull(repository, wanted.head, wanted.base),
      async () => {
        const { data } = await api.repos.repoCreatePullRequest(...splitRepository(repository), wanted);
        return shaped(pullShape, data, 'a pull request');
      },
      'conflict',
    );

  async function diff(repository: string, number: number): Promise<string> {
    const answer = await diffs.repos.repoDownloadPullDiffOrPatch(
      ...splitRepository(repository),
      number,
      'diff',
      {},
      { format: 'text' },
    );
    return answer.data as unknown as string;
  }

  async function reviews(repository: string, number: number): Promise<ReviewFacts[]> {
    const found: ReviewFacts[] = [];
    const all = pages(
      (page) => api.repos.repoListPullReviews(...splitRepository(repository), number, { page, limit: PAGE }),
      REVIEW_PAGES,
    );
    for await (const answer of all) found.push(shaped(reviewShape, answer, 'a review'));
    return found;
  }

  async function reviewFindings(repository: string, number: number, by: string, reviewId: number | null) {
    const id = reviewId ?? newestBy(await reviews(repository, number), by)?.id;
    if (id === undefined) return [];
    const { data } = await api.repos.repoGetPullReviewComments(...splitRepository(repository), number, id);
    return shaped(z.array(lineCommentShape), data ?? [], 'the comments of a review')
      .map(({ path, body, position }) => findingOf(body ?? '', path ?? '', position ?? null))
      .filter((one): one is Finding => one !== null)
      .slice(0, FINDINGS_MAX);
  }

  async function permission(repository: string, person: string): Promise<Permission> {
    const at = splitRepository(repository);
    try {
      const { data } = await api.repos.repoGetRepoPermissions(...at, encodeURIComponent(person));
      return PERMISSIONS[data.permission ?? ''] ?? 'none';
    } catch (error) {
      if (!(error instanceof ForgeError)) throw error;
      if (error.code === 'not_found') return 'none';
      if (error.code !== 'forbidden') throw error;
    }
    // Only administrators of the repository are told that of others. Whoever may write can be assigned.
    const { data } = await api.repos.repoGetAssignees(...at);
    const writers = shaped(z.array(userShape), data ?? [], 'the people of a repository');
    return writers.some((one) => sameLogin(one.login, person)) ? 'write' : 'none';
  }

  async function findComment(repository: string, number: number, marker: string) {
    const author = await me();
    const listed = api.repos.issueGetComments(...splitRepository(repository), number, {});
    const { data } = await orMissing(listed, () => issue(repository, number));
    const all = shaped(z.array(commentShape), data ?? [], 'the comments of an issue');
    return all.find((one) => sameLogin(one.author, author) && one.body.includes(marker)) ?? null;
  }

  async function comment(repository: string, number: number, body: string): Promise<ForgeComment> {
    const posted = api.repos.issueCreateComment(...splitRepository(repository), number, { body });
    const { data } = await orMissing(posted, () => issue(repository, number));
    return shaped(commentShape, data, 'a comment');
  }

  async function setStatus(repository: string, sha: string, status: CommitStatus): Promise<void> {
    const at = splitRepository(repository);
    const set = api.repos.repoCreateStatus(...at, sha, {
      state: status.state,
      context: status.context,
      description: status.description,
      target_url: status.url ?? '',
    });
    await orMissing(set, () => api.repos.repoGetSingleCommit(...at, sha, { stat: false, files: false }));
  }

  return {
    me,
    issue,
    pull,
    findPull,
    openPull,
    diff,
    reviewFindings,
    permission,
    findComment,
    comment,
    setStatus,
    async editComment(repository, id, body) {
      await api.repos.issueEditComment(...splitRepository(repository), id, { body });
    },
    async branchHead(repository, branch) {
      const at = splitRepository(repository);
      const found = await orNull(api.repos.repoGetBranch(...at, encodeURIComponent(branch)));
      if (found === null) return null;
      return shaped(z.object({ commit: z.object({ id: z.string() }) }), found.data, 'a branch').commit.id;
    },
    review: (repository, number, review) =>
      postReview(
        {
          me,
          pull: () => pull(repository, number),
          diff: () => diff(repository, number),
          reviews: () => reviews(repository, number),
          async create(comments) {
            await api.repos.repoCreatePullReview(...splitRepository(repository), number, {
              event: EVENTS[review.event],
              body: review.body,
              commit_id: review.head_sha,
              comments: comments.map(({ file, line, message }) => ({
                path: file,
                body: message,
                new_position: line,
              })),
            });
          },
        },
        review,
      ),
  };
}
