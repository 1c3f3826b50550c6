/** Answers in the shapes of GitHub's REST documentation (version 2022-11-28), with its example names. */
const API = 'https://api.github.com/repos/octocat/hello-world';
const HTML = 'https://github.com/octocat/hello-world';
export const SHA = '6dcb09b5b57875f334f61aebed695e2e4193db5e';

export const githubUser = (login: string) => ({
  login,
  id: 1,
  node_id: 'MDQ6VXNlcjE=',
  url: `https://api.github.com/users/${login}`,
  html_url: `https://github.com/${login}`,
  type: 'User',
  site_admin: false,
});

export const githubIssue = (changes: object = {}) => ({
  id: 1,
  url: `${API}/issues/1347`,
  html_url: `${HTML}/issues/1347`,
  number: 1347,
  state: 'open',
  title: 'Found a bug',
  body: "I'm having a problem with this.",
  user: githubUser('octocat'),
  labels: [{ id: 208045946, name: 'bug', color: 'f29513', default: true, description: null }],
  assignee: null,
  milestone: null,
  locked: false,
  comments: 0,
  closed_at: null,
  created_at: '2011-04-22T13:33:48Z',
  updated_at: '2011-04-22T13:33:48Z',
  ...changes,
});

/** As `GET /pulls/{n}` gives it; its lists have no `merged`. */
export const githubPull = (changes: object = {}) => ({
  ...githubIssue(),
  html_url: `${HTML}/pull/1347`,
  title: 'Amazing new feature',
  merge_commit_sha: 'e5bd3914e2e596debea16f433f57875b5b90bcd6',
  head: {
    label: 'octocat:new-topic',
    ref: 'new-topic',
    sha: SHA,
    user: githubUser('octocat'),
    repo: { id: 1296269, name: 'hello-world', full_name: 'octocat/hello-world' },
  },
  base: {
    label: 'octocat:main',
    ref: 'main',
    sha: SHA,
    user: githubUser('octocat'),
    repo: { id: 1296269, name: 'hello-world', full_name: 'octocat/hello-world' },
  },
  merged_at: null,
  merged: false,
  draft: false,
  mergeable: true,
  updated_at: '2011-01-26T19:01:12Z',
  ...changes,
});

export const githubComment = (id: number, login: string, body: string) => ({
  id,
  node_id: 'MDEyOklzc3VlQ29tbWVudDE=',
  html_url: `${HTML}/issues/1347#issuecomment-${id}`,
  body,
  user: githubUser(login),
  created_at: '2011-04-14T16:00:49Z',
  updated_at: '2011-04-14T16:00:49Z',
  author_association: 'COLLABORATOR',
});

export const githubReview = (id: number, login: string, state: string, body = '', commit_id = SHA) => ({
  id,
  user: githubUser(login),
  body,
  state,
  html_url: `${HTML}/pull/1347#pullrequestreview-${id}`,
  submitted_at: '2019-11-17T17:43:43Z',
  commit_id,
  author_association: 'COLLABORATOR',
});

export const githubReviewComment = (review: number, path: string, line: number | null, body: string) => ({
  id: 10,
  pull_request_review_id: review,
  diff_hunk: '@@ -16,33 +16,40 @@ public class Connection',
  path,
  position: 1,
  original_position: 4,
  commit_id: SHA,
  original_commit_id: SHA,
  user: githubUser('hubot'),
  body,
  line,
  original_line: 2,
  start_line: null,
  side: 'RIGHT',
});

export const githubRefusal = (message: string, errors?: object[]) => ({
  message,
  ...(errors === undefined ? {} : { errors }),
  documentation_url: 'https://docs.github.com/rest',
});
