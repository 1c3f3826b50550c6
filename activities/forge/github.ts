/** GitHub, and GitHub Enterprise Server. */
import { Octokit } from '@octokit/rest';
import { z } from 'zod';
import type { PullFacts } from '../../contracts/forge';
import { FINDINGS_MAX, type Finding } from '../../contracts/receipt';
import {
  type CommitStatus,
  type Forge,
  type ForgeComment,
  ForgeError,
  type NewPull,
  type Permission,
} from './forge';
import type { ForgeAccess } from './forge-access';
import { asForgeError, at, pages } from './github-answers';
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

export const GITHUB_URL = 'https://github.com';

const DESCRIPTION_MAX = 140;

const EVENTS = { approve: 'APPROVE', request_changes: 'REQUEST_CHANGES', comment: 'COMMENT' } as const;
const PERMISSIONS: Record<string, Permission> = { admin: 'admin', write: 'write', read: 'read' };

const lineCommentShape = z.object({
  path: z.string(),
  body: z.string(),
  line: z.number().nullish(),
  original_line: z.number().nullish(),
  pull_request_review_id: z.number().nullish(),
});

const silent = () => {};

export function openGithub({ url, token, timeoutMs, jsonMaxBytes, diffMaxBytes }: ForgeAccess): Forge {
  const octokit = new Octokit({
    auth: token,
    userAgent: 'signalbox',
    baseUrl: url === GITHUB_URL ? 'https://api.github.com' : `${url}/api/v3`,
    request: { fetch: guardedFetch({ timeoutMs, maxBytes: jsonMaxBytes, expects: 'json' }) },
    // It would write to the console.
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
  const diffFetch = guardedFetch({ timeoutMs, maxBytes: diffMaxBytes, expects: 'diff' });
  const me = ownLogin(async () => {
    const { data } = await octokit.rest.users.getAuthenticated().catch(asForgeError);
    return shaped(userShape, data, 'the user of the token').login;
  });

  async function pull(repository: string, number: number): Promise<PullFacts> {
    const { data } = await octokit.rest.pulls
      .get({ ...at(repository), pull_number: number })
      .catch(asForgeError);
    return shaped(pullShape, data, 'a pull request');
  }

  async function findPull(repository: string, head: string, base: string): Promise<PullFacts | null> {
    const { owner, repo } = at(repository);
    const { data } = await octokit.rest.pulls
      .list({ owner, repo, state: 'open', head: head.includes(':') ? head : `${owner}:${head}`, base })
      .catch(asForgeError);
    return data[0] === undefined ? null : shaped(pullShape, data[0], 'a pull request');
  }

  const openPull = (repository: string, wanted: NewPull): Promise<PullFacts> =>
    openOnce(
      () => findPull(repository, wanted.head, wanted.base),
      async () => {
        const { data } = await octokit.rest.pulls
          .create({ ...at(repository), ...wanted })
          .catch(asForgeError);
        return shaped(pullShape, data, 'a pull request');
      },
      // 422, as for anything else that is wrong with it.
      'rejected',
    );

  async function diff(repository: string, number: number): Promise<string> {
    const { data } = await octokit.rest.pulls
      .get({
        ...at(repository),
        pull_number: number,
        mediaType: { format: 'diff' },
        request: { fetch: diffFetch },
      })
      .catch(asForgeError);
    return data as unknown as string;
  }

  async function reviews(repository: string, number: number): Promise<ReviewFacts[]> {
    const found: ReviewFacts[] = [];
    const options = { ...at(repository), pull_number: number };
    for await (const answer of pages((page) => octokit.rest.pulls.listReviews({ ...options, ...page })))
      found.push(shaped(reviewShape, answer, 'a review'));
    return found;
  }

  async function reviewFindings(repository: string, number: number, by: string, reviewId: number | null) {
    const id = reviewId ?? newestBy(await reviews(repository, number), by)?.id;
    if (id === undefined) return [];
    const findings: Finding[] = [];
    // The list of one review does not tell lines.
    const options = { ...at(repository), pull_number: number, sort: 'created', direction: 'desc' } as const;
    for await (const answer of pages((page) =>
      octokit.rest.pulls.listReviewComments({ ...options, ...page }),
    )) {
      const one = shaped(lineCommentShape, answer, 'a comment of a review');
      if (one.pull_request_review_id !== id) continue;
      const finding = findingOf(one.body, one.path, one.line ?? one.original_line ?? null);
      if (finding !== null) findings.unshift(finding);
    }
    return findings.slice(0, FINDINGS_MAX);
  }

  async function permission(repository: string, person: string): Promise<Permission> {
    try {
      const options = { ...at(repository), username: person };
      const { data } = await octokit.rest.repos.getCollaboratorPermissionLevel(options).catch(asForgeError);
      return PERMISSIONS[data.permission] ?? 'none';
    } catch (error) {
      if (error instanceof ForgeError && error.code === 'not_found') return 'none';
      throw error;
    }
  }

  async function findComment(
    repository: string,
    number: number,
    marker: string,
  ): Promise<ForgeComment | null> {
    const author = await me();
    const options = { ...at(repository), issue_number: number };
    for await (const answer of pages((page) => octokit.rest.issues.listComments({ ...options, ...page }))) {
      const one = shaped(commentShape, answer, 'a comment');
      if (sameLogin(one.author, author) && one.body.includes(marker)) return one;
    }
    return null;
  }

  return {
    me,
    pull,
    findPull,
    openPull,
    diff,
    reviewFindings,
    permission,
    findComment,
    async issue(repository, number) {
      const { data } = await octokit.rest.issues
        .get({ ...at(repository), issue_number: number })
        .catch(asForgeError);
      return shaped(issueShape, data, 'an issue');
    },
    async comment(repository, number, body) {
      const { data } = await octokit.rest.issues
        .createComment({ ...at(repository), issue_number: number, body })
        .catch(asForgeError);
      return shaped(commentShape, data, 'a comment');
    },
    async editComment(repository, id, body) {
      await octokit.rest.issues
        .updateComment({ ...at(repository), comment_id: id, body })
        .catch(asForgeError);
    },
    async setStatus(repository, sha, status: CommitStatus) {
      const { state, context, url: target } = status;
      const description = status.description.slice(0, DESCRIPTION_MAX);
      const linked = target === null ? {} : { target_url: target };
      await octokit.rest.repos
        .createCommitStatus({ ...at(repository), sha, state, context, description, ...linked })
        .catch(asForgeError);
    },
    async branchHead(repository, branch) {
      try {
        // Not by `branches/`, which follows a branch that was renamed.
        const { data } = await octokit.rest.git
          .getRef({ ...at(repository), ref: `heads/${branch}` })
          .catch(asForgeError);
        return shaped(z.object({ object: z.object({ sha: z.string() }) }), data, 'a branch').object.sha;
      } catch (error) {
        if (error instanceof ForgeError && error.code === 'not_found') return null;
        throw error;
      }
    },
    review: (repository, number, review) =>
      postReview(
        {
          me,
          pull: () => pull(repository, number),
          diff: () => diff(repository, number),
          reviews: () => reviews(repository, number),
          async create(comments) {
            await octokit.rest.pulls
              .createReview({
                ...at(repository),
                pull_number: number,
                event: EVENTS[review.event],
                body: review.body,
                commit_id: review.head_sha,
                comments: comments.map(({ file, line, message }) => ({
                  path: file,
                  line,
                  side: 'RIGHT',
                  body: message,
                })),
              })
              .catch(asForgeError);
          },
        },
        review,
      ),
  };
}
