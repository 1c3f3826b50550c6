/** Deployments that break the protocol, each in one way, and the invariants that must say so. */
import { randomUUID } from 'node:crypto';
import { ADMIN_TOKEN } from './api-server';
import type { Json, Reply, Sabotage, Sent } from './breaking-proxy';

export interface Saboteur {
  does: string;
  /** Fresh for each run: some remember. */
  make(): Sabotage;
  /** Exactly these fail of those that are run. */
  fails: string[];
  /** Run beside them, and not hurt. */
  spares?: string[];
}

const verbOf = ({ path }: Sent) => path.split('?')[0]?.split('/').at(-1) ?? '';
const isFleet = ({ path }: Sent) => path.startsWith('/api/fleet');
const isPost = (sent: Sent, ...verbs: string[]) => sent.method === 'POST' && verbs.includes(verbOf(sent));
const isClaim = (sent: Sent) => isPost(sent, 'dequeue', 'claim');

/** Answers one status as if it were another. */
const answers =
  (from: number, to: number, when: (sent: Sent) => boolean = () => true): (() => Sabotage) =>
  () => ({
    replied(reply, sent) {
      if (reply.status === from && when(sent)) reply.status = to;
    },
  });

/** Spoils the bodies of requests. */
const spoils =
  (when: (sent: Sent) => boolean, spoil: (body: Json) => void): (() => Sabotage) =>
  () => ({
    sent(sent) {
      if (when(sent) && sent.body && typeof sent.body === 'object') spoil(sent.body);
      return undefined;
    },
  });

/** Spoils the bodies of answers. */
const distorts =
  (when: (sent: Sent) => boolean, distort: (body: Json, reply: Reply) => void): (() => Sabotage) =>
  () => ({
    replied(reply, sent) {
      if (reply.body && typeof reply.body === 'object' && when(sent)) distort(reply.body, reply);
    },
  });

/** Answers without doing anything. */
const pretends =
  (when: (sent: Sent) => boolean, body: (sent: Sent) => Json, status = 200): (() => Sabotage) =>
  () => ({
    sent: (sent) => (when(sent) ? { status, body: body(sent), headers: {} } : undefined),
  });

/** Who finds nothing is given what was given before under the same label. */
function givesTwice(): Sabotage {
  const given = new Map<string, Json>();
  return {
    replied(reply, sent) {
      if (!isClaim(sent)) return;
      const label = String(sent.body?.capabilities);
      if (reply.status === 200) given.set(label, reply.body);
      else if (reply.status === 204 && given.has(label))
        Object.assign(reply, { status: 200, body: given.get(label) });
    },
  };
}

/** Offers a task to whoever has one of its labels. */
function ignoresLabels(): Sabotage {
  const tasks: string[][] = [];
  return {
    sent(sent) {
      if (isPost(sent, 'tasks') && Array.isArray(sent.body?.labels)) tasks.push(sent.body.labels);
      const has = (labels: string[]) => labels.some((label) => sent.body.capabilities?.includes(label));
      if (isClaim(sent)) sent.body.capabilities = tasks.filter(has).flat();
      return undefined;
    },
  };
}

/** Puts the body of a job into its events. */
function tellsBodies(): Sabotage {
  const bodies = new Map<string, string>();
  return {
    replied(reply, sent) {
      if (isPost(sent, 'claim') && reply.status === 200)
        bodies.set(encodeURIComponent(reply.body.id), reply.body.bodyMd);
      const message = bodies.get(sent.path.split('/').at(-2) ?? '');
      if (verbOf(sent) === 'events') reply.body.events?.push({ ...reply.body.events[0], message });
    },
  };
}

const later = () => new Date(Date.now() + 60_000).toISOString();
const STALE = ['v1/stale-heartbeat', 'v1/stale-status', 'v1/stale-release'];

export const SABOTEURS: Saboteur[] = [
  {
    does: 'answers 200 to stale receipts',
    make: answers(409, 200, (sent) => isPost(sent, 'complete')),
    fails: ['v1/stale-complete', 'v1/expiry-and-takeover', 'v1/second-receipt'],
    spares: ['v1/stale-heartbeat'],
  },
  {
    does: 'answers 200 to other stale messages',
    make: answers(409, 200, (sent) => isPost(sent, 'heartbeat', 'status', 'release')),
    fails: [...STALE, 'v1/future-epoch'],
    spares: ['v1/stale-complete'],
  },
  {
    does: 'drops request ids',
    make: spoils(isClaim, (body) => {
      delete body.request_id;
    }),
    fails: ['v1/claim-reply-lost', 'v1/max-tasks'],
    spares: ['v1/claim-race'],
  },
  {
    does: 'takes a repeated receipt for a new one',
    make: spoils(
      (sent) => isPost(sent, 'complete'),
      (body) => {
        if (body.completion_id) body.completion_id = randomUUID();
      },
    ),
    fails: ['v1/complete-reply-lost', 'v1/complete-race', 'v1/complete-with-another-body'],
    spares: ['v1/second-receipt'],
  },
  {
    does: 'gives a task to two',
    make: givesTwice,
    fails: ['v1/claim-race', 'fleet/claim', 'fleet/two-runners'],
    spares: ['v1/nothing-to-do'],
  },
  {
    does: 'offers tasks to whoever has one label',
    make: ignoresLabels,
    fails: ['v1/nothing-to-do', 'fleet/capabilities'],
    spares: ['v1/claim-race'],
  },
  {
    does: 'tells everybody to continue',
    make: () => ({
      replied(reply) {
        if (reply.body?.directive) reply.body.directive = 'continue';
        reply.headers['signalbox-directive'] = 'continue';
      },
    }),
    fails: [...STALE, 'v1/stale-complete', 'v1/cancel-terminates', 'v1/agent-quiet'],
    spares: ['v1/directive-continue'],
  },
  {
    does: 'tells no directive',
    make: () => ({
      replied(reply) {
        delete reply.headers['signalbox-directive'];
      },
    }),
    fails: ['v1/directive-continue'],
    spares: ['v1/closed'],
  },
  {
    does: 'hides late receipts',
    make: distorts(
      (sent) => sent.path.includes('/quarantine?'),
      (body) => Object.assign(body, { items: [], next_page_token: null }),
    ),
    fails: ['v1/stale-complete', 'v1/second-receipt', 'fleet/reclaim'],
    spares: ['v1/stale-release'],
  },
  {
    does: 'loses checkpoints',
    make: distorts(isClaim, (body) => {
      body.checkpoint = null;
      if (body.task) body.task.checkpoint = null;
    }),
    fails: ['v1/release', 'v1/expiry-and-takeover', 'fleet/release', 'fleet/failed', 'fleet/reclaim'],
    spares: ['v1/unrenewed-claim'],
  },
  {
    does: 'never ends a lease',
    make: spoils(isClaim, (body) => {
      if (body.lease_s !== undefined) body.lease_s = 600;
    }),
    fails: ['v1/unrenewed-claim', 'v1/late-renewal', 'v1/log-fencing'],
    spares: ['v1/release'],
  },
  {
    does: 'charges what costs nothing',
    make: distorts(
      ({ method }) => method === 'GET',
      (body) => {
        if (typeof body.retry_count === 'number') body.retry_count += 1;
      },
    ),
    fails: ['v1/unrenewed-claim', 'v1/claim-reply-lost', 'fleet/release', 'v1/agent-kill'],
  },
  {
    does: 'renews nothing',
    make: pretends(
      (sent) => isPost(sent, 'heartbeat', 'renew') && !sent.path.includes('factories'),
      (sent) => ({
        expires_at: later(),
        renew_every_s: 1,
        directive: 'continue',
        leaseEpoch: sent.body?.leaseEpoch,
        leaseExpiresAt: '2000-01-01T00:00:00.000Z',
      }),
    ),
    fails: ['v1/renewal', 'fleet/renew', 'v1/late-renewal'],
    spares: ['v1/directive-continue'],
  },
  {
    does: 'knows no end',
    make: answers(410, 200),
    fails: ['v1/closed', 'v1/cancel-terminates'],
    spares: ['v1/held-by-other'],
  },
  {
    does: 'lets others in',
    make: () => ({
      replied(reply, sent) {
        if (reply.status === 423 || (reply.status === 403 && isFleet(sent))) reply.status = 200;
      },
    }),
    fails: ['v1/held-by-other', 'fleet/not-yours', 'v1/log-fencing'],
    spares: ['v1/other-agent'],
  },
  {
    does: 'takes everybody for the admin',
    make: () => ({
      sent(sent) {
        sent.token = ADMIN_TOKEN;
        return undefined;
      },
    }),
    fails: ['v1/no-token', 'v1/other-agent', 'v1/other-product', 'v1/lease-token-scope', 'fleet/products'],
    spares: ['v1/claim-race'],
  },
  {
    does: 'gives out lease tokens that are none',
    make: distorts(isClaim, (body) => {
      if (body.lease) body.lease.token = 'none';
    }),
    fails: ['v1/lease-token', 'v1/lease-token-scope', 'v1/complete-and-next'],
    spares: ['v1/complete-race'],
  },
  {
    does: 'gives one task at a time',
    make: spoils(
      () => true,
      (body) => {
        delete body.max_tasks;
        delete body.next;
      },
    ),
    fails: ['v1/max-tasks', 'v1/complete-and-next'],
    spares: ['v1/claim-reply-lost'],
  },
  {
    does: 'creates whatever it is sent',
    make: answers(409, 200, (sent) => isPost(sent, 'tasks')),
    fails: ['v1/create-reply-lost'],
    spares: ['v1/closed'],
  },
  {
    does: 'finds what is not there',
    make: answers(404, 200),
    fails: ['v1/unknown-task'],
    spares: ['v1/closed'],
  },
  {
    does: 'answers 500 to bad requests',
    make: answers(400, 500),
    fails: ['v1/bad-bodies', 'v1/not-json', 'fleet/bad-bodies'],
    spares: ['v1/closed'],
  },
  {
    does: 'does not say what is wrong',
    make: distorts(
      () => true,
      (body) => {
        delete body.errors;
      },
    ),
    fails: ['v1/bad-bodies', 'fleet/bad-bodies'],
    spares: ['v1/not-json'],
  },
  {
    does: 'registers nobody',
    make: pretends(
      (sent) => isPost(sent, 'agents') || sent.path.endsWith('/factories/heartbeat'),
      () => ({ claimable: 1 }),
    ),
    fails: ['v1/register', 'fleet/heartbeat'],
    spares: ['fleet/claim'],
  },
  {
    does: 'answers 200 to stale runners',
    make: answers(409, 200, isFleet),
    fails: ['fleet/fencing', 'fleet/reclaim'],
    spares: ['fleet/illegal-transition'],
  },
  {
    does: 'answers 409 where a stage may not follow',
    make: answers(422, 409, isFleet),
    fails: ['fleet/illegal-transition', 'fleet/bad-bodies'],
    spares: ['fleet/fencing'],
  },
  {
    does: 'answers 409 to a release',
    make: answers(200, 409, (sent) => isFleet(sent) && isPost(sent, 'release')),
    fails: ['fleet/release', 'fleet/failed', 'fleet/two-runners'],
    spares: ['fleet/fencing'],
  },
  {
    does: 'forgets stages',
    make: distorts(
      (sent) => isFleet(sent) && sent.method === 'GET',
      (body) => {
        if (body.stage) body.stage = 'assigned';
      },
    ),
    fails: ['fleet/report', 'fleet/renew'],
    spares: ['fleet/not-yours'],
  },
  {
    does: 'tells bodies in events',
    make: tellsBodies,
    fails: ['fleet/no-leak'],
    spares: ['fleet/report'],
  },
  {
    does: 'takes log chunks with a gap',
    make: answers(416, 200),
    fails: ['v1/log-offsets'],
    spares: ['v1/closed'],
  },
  {
    does: 'forgets nobody',
    make: pretends(
      (sent) => sent.method === 'DELETE',
      () => null,
      204,
    ),
    fails: ['v1/agent-presence'],
    spares: ['v1/register'],
  },
  {
    does: 'kills nobody',
    make: pretends(
      (sent) => isPost(sent, 'kill', 'cordon'),
      () => ({}),
    ),
    fails: ['v1/agent-kill', 'v1/agent-quiet'],
    spares: ['v1/closed'],
  },
];
