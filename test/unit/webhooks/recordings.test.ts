/** Real deliveries, where they lie beside the project; the project itself holds none. */
import { describe, expect, it } from '@jest/globals';
import { eventOf } from '../../../api/webhooks/event-of';
import { configSchema } from '../../../contracts/config';
import { type ForgeKind, forgeEventSchema } from '../../../contracts/forge';
import { forgeRecordings } from '../../helpers/forge-recordings';

const NOW = Date.UTC(2026, 5, 1);

/** What each is reduced to, in short; null: of no interest. */
const EXPECTED: Record<string, string | null> = {
  'fedora-issue_comment.delivery.json': null,
  'fedora-pr.delivery.json':
    'pull pushed infra/ansible#3501 ld_credentials from jpodivin/ansible by jpodivin',
  'fedora-push.delivery.json': 'push infra/docs main 139828a',
  'woodpecker-HookPullRequestClosed.json':
    'pull closed anbraten/test-repo#1 anbraten-patch-1 from anbraten/test-repo by anbraten closed',
  'woodpecker-HookPullRequestLabelsCleared.json': null,
  'woodpecker-HookPullRequestMerged.json':
    'pull closed anbraten/test-repo#1 anbraten-patch-1 from anbraten/test-repo by anbraten merged',
  'woodpecker-HookPullRequestUpdated.json':
    'pull pushed Test-CI/multi-line-secrets#2 test-patch-1 from null by test',
  'woodpecker-HookPushBranch.json': 'push meisam/woodpecktester fdsafdsa 28c3613',
  'goscm-issue_comment_created.json': null,
  'goscm-issues_closed.json':
    'issue closed gogits/hello-world#1 "Problem" closed [] http://try.gitea.io/gogits/hello-world/issues/1',
  'goscm-issues_opened.json':
    'issue opened gogits/hello-world#1 "Problem" open [] http://try.gitea.io/gogits/hello-world/issues/1',
  'goscm-pull_request_opened.json':
    'pull opened jcitizen/my-repo#1 feature from jcitizen/my-repo by jcitizen',
  'goscm-pull_request_synchronized.json':
    'pull pushed jcitizen/my-repo#1 feature from jcitizen/my-repo by jcitizen',
  'woodpecker-HookPullRequestReviewAck.json':
    'review approved a_nice_user/hello_world_ci#7 by a_nice_user null "juhu thats a great idea"',
  'woodpecker-HookPullRequestReviewDeny.json':
    'review rejected a_nice_user/hello_world_ci#7 by a_nice_user null "I decided otherwhies :O"',
  'octokit-issue_comment-created.json': null,
  'octokit-issues-labeled.json':
    'issue labelled Codertocat/Hello-World#1 "Spelling error in the README file" open [bug] ' +
    'https://github.com/Codertocat/Hello-World/issues/1',
  'octokit-issues-opened.json':
    'issue opened Codertocat/Hello-World#1 "Spelling error in the README file" open [bug] ' +
    'https://github.com/Codertocat/Hello-World/issues/1',
  'octokit-ping.json': null,
  'octokit-pull_request-closed.json':
    'pull closed Codertocat/Hello-World#2 changes from Codertocat/Hello-World by Codertocat closed',
  'octokit-pull_request-opened.json':
    'pull opened Codertocat/Hello-World#2 changes from Codertocat/Hello-World by Codertocat',
  'octokit-pull_request_review-submitted.json':
    'review comment Codertocat/Hello-World#2 by Codertocat 237895671 ""',
  'octokit-push.json': null,
};

const recordings = forgeRecordings();

const configOf = (kind: ForgeKind, repositories?: string[]) => {
  const secret = { from_env: 'S' };
  const source = { kind, url: 'https://forge.example', token: secret, webhook_secret: secret, repositories };
  const config = configSchema.parse({ forges: { main: source } }).forges.main;
  if (config === undefined) throw new Error('there is a source');
  return config;
};

const reduce = (kind: ForgeKind, event: string, body: string, repositories?: string[]) =>
  eventOf({ kind, event, config: configOf(kind, repositories) }, JSON.parse(body), NOW);

function inShort(event: NonNullable<ReturnType<typeof reduce>>): string {
  const at = event.repository.full_name;
  switch (event.kind) {
    case 'issue': {
      const { number, title, open, labels, url } = event.issue;
      return `issue ${event.action} ${at}#${number} "${title}" ${open ? 'open' : 'closed'} [${labels}] ${url}`;
    }
    case 'pull': {
      const { number, head, author, open, merged } = event.pull;
      const end = merged ? ' merged' : open ? '' : ' closed';
      return `pull ${event.action} ${at}#${number} ${head.branch} from ${head.repository} by ${author}${end}`;
    }
    case 'review': {
      const text = 'inline' in event.body ? event.body.inline : '';
      return `review ${event.verdict} ${at}#${event.pull.number} by ${event.sender} ${event.review_id} "${text}"`;
    }
    case 'push':
      return `push ${at} ${event.branch} ${event.after.slice(0, 7)}`;
    default:
      return event.kind;
  }
}

describe('a recorded delivery', () => {
  it('is there for each that is expected', () => {
    expect(recordings.map(({ file }) => file).sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(recordings)('$kind $file', ({ kind, file, event, body }) => {
    const reduced = reduce(kind, event, body);
    expect(reduced && inShort(reduced)).toBe(EXPECTED[file]);
    // Nothing is kept but what is named, and it fits a workflow.
    if (reduced) expect(forgeEventSchema.parse(reduced)).toEqual(reduced);
    expect(JSON.stringify(reduced).length).toBeLessThan(2_000);
  });

  it.each(recordings)(
    '$kind $file matters only in a repository that is wanted',
    ({ kind, file, event, body }) => {
      const name: string = JSON.parse(body).repository.full_name;
      expect(reduce(kind, event, body, ['other/repo'])).toBeNull();
      expect(reduce(kind, event, body, [name.toUpperCase()]) !== null).toBe(EXPECTED[file] !== null);
    },
  );

  it('with a command in its comment is kept', () => {
    for (const { kind, event, body } of recordings.filter((one) => one.event === 'issue_comment')) {
      const payload = JSON.parse(body);
      payload.comment.body = 'Well then:\n/signalbox retry';
      expect(reduce(kind, event, JSON.stringify(payload))).toMatchObject({
        kind: 'comment',
        number: payload.issue.number,
        comment: { id: payload.comment.id, command: '/signalbox retry' },
      });
    }
  });
});
