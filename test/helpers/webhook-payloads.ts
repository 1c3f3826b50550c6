/** Payloads written by hand, with the fields that forges send and some that nobody needs. */
const user = (login: string) => ({ id: 7, login, email: `${login}@noreply.example`, is_admin: false });

const repository = {
  id: 1,
  full_name: 'org/repo',
  private: true,
  clone_url: 'https://forge.example/org/repo.git',
  default_branch: 'main',
  permissions: { admin: false, push: true, pull: true },
};

export const issue = {
  id: 99,
  number: 42,
  title: 'It breaks',
  body: 'When it rains.',
  state: 'open',
  labels: [
    { id: 1, name: 'signalbox', color: 'ff0000' },
    { id: 2, name: 'agent:code' },
  ],
  user: user('ada'),
  html_url: 'https://forge.example/org/repo/issues/42',
  updated_at: '2026-03-01T10:00:00Z',
  pull_request: null,
};

export const pull = {
  number: 7,
  title: 'Mend it',
  state: 'open',
  merged: false,
  merged_at: null,
  html_url: 'https://forge.example/org/repo/pulls/7',
  user: user('robot'),
  head: {
    label: 'task/42-it-breaks',
    ref: 'task/42-it-breaks',
    sha: 'a'.repeat(40),
    repo: { full_name: 'org/repo' },
  },
  base: { label: 'main', ref: 'main', sha: 'b'.repeat(40), repo: { full_name: 'org/repo' } },
  updated_at: '2026-03-01T11:00:00+01:00',
};

const sent = { repository, sender: user('ada') };

export const issuePayload = (action: string, over: object = {}) => ({
  action,
  number: 42,
  issue: { ...issue, ...over },
  ...sent,
  secret: 'hunter2',
});
export const commentPayload = (body: string, over: object = {}) => ({
  action: 'created',
  issue,
  comment: { id: 5, body, user: user('ada') },
  ...sent,
  is_pull: false,
  ...over,
});
export const pullPayload = (action: string, over: object = {}) => ({
  action,
  number: 7,
  pull_request: { ...pull, ...over },
  ...sent,
});
export const pushPayload = (over: object = {}) => ({
  ref: 'refs/heads/task/42-it-breaks',
  before: '0'.repeat(40),
  after: 'c'.repeat(40),
  commits: [{ id: 'c'.repeat(40), message: 'mend' }],
  ...sent,
  ...over,
});

/** What both are reduced to. */
export const reduced = {
  repository: {
    full_name: 'org/repo',
    clone_url: 'https://forge.example/org/repo.git',
    default_branch: 'main',
  },
  sender: 'ada',
  issue: {
    number: 42,
    title: 'It breaks',
    body: { inline: 'When it rains.' },
    open: true,
    labels: ['signalbox', 'agent:code'],
    url: 'https://forge.example/org/repo/issues/42',
    updated_at: Date.UTC(2026, 2, 1, 10),
  },
  pull: {
    number: 7,
    title: 'Mend it',
    url: 'https://forge.example/org/repo/pulls/7',
    author: 'robot',
    head: { branch: 'task/42-it-breaks', sha: 'a'.repeat(40), repository: 'org/repo' },
    base: 'main',
    open: true,
    merged: false,
    updated_at: Date.UTC(2026, 2, 1, 10),
  },
};
