import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { createDirectory, type Directory } from '../../../dispatch/directory';
import { heartbeatPresence, registerHolder } from '../../../dispatch/holders';
import { createVisibilityBudget, type VisibilityBudget } from '../../../dispatch/visibility-budget';
import type { Role } from '../../../workers/role';
import type { HolderProfile } from '../../../workflows/holder/types';
import { revokeTokensSignal } from '../../../workflows/messages';
import { holderWorkflowId } from '../../../workflows/names';
import { startControl } from '../../helpers/control-worker';
import { createNamespace, type TestNamespace } from '../../helpers/namespace';
import { startVisibleTask } from '../../helpers/visible-task';
import { waitUntil } from '../../helpers/wait-until';

const logger = pino({ level: 'silent' });
let space: TestNamespace;
let control: Role;
let budget: VisibilityBudget;
let directory: Directory;

beforeAll(async () => {
  space = await createNamespace('directory');
  control = await startControl(space.temporal);
  budget = createVisibilityBudget();
  directory = createDirectory({ client: space.client, budget, logger });
});

afterAll(async () => {
  directory?.close();
  budget?.close();
  await control?.stop();
  await space?.close();
});

const profile = (kind: 'host' | 'agent', over: Partial<HolderProfile> = {}): HolderProfile => ({
  kind,
  id: randomUUID().slice(0, 8),
  capabilities: ['agent:code'],
  slots: 2,
  version: '1',
  product: null,
  presence_ms: 60_000,
  ...over,
});

describe('registration', () => {
  it('shows a holder at once, and in the lists soon', async () => {
    const agent = profile('agent');
    const host = profile('host', { capabilities: ['agent:code', 'agent:gpu'] });
    expect(await directory.capableHostExists(['agent:gpu', 'bug'])).toBe(false);
    await registerHolder(space.client, agent);
    await registerHolder(space.client, host);
    expect(await directory.get(`agent:${agent.id}`)).toMatchObject({
      profile: agent,
      presence: 'online',
      generation: 0,
    });
    expect(await directory.get(`host:${agent.id}`)).toBeNull();
    await waitUntil(
      async () => {
        const [hosts, agents] = [await directory.hosts(), await directory.agents()];
        return hosts.some((h) => h.profile.id === host.id) && agents.some((a) => a.profile.id === agent.id);
      },
      { what: 'the lists' },
    );
    expect((await directory.hosts()).every(({ profile: { kind } }) => kind === 'host')).toBe(true);
    expect((await directory.agents()).every(({ profile: { kind } }) => kind === 'agent')).toBe(true);
    expect(await directory.capableHostExists(['agent:gpu', 'bug'])).toBe(true);
    expect(await directory.capableHostExists(['agent:gpu', 'agent:other'])).toBe(false);
  });

  it('counts configured hosts before they have registered', async () => {
    const configured = [{ id: 'later', capabilities: ['agent:rare'] }];
    const other = createDirectory({ client: space.client, budget, logger, configured });
    expect(await other.capableHostExists(['agent:rare'])).toBe(true);
    other.close();
  });

  it('brings the profile up to date and keeps the generation of tokens', async () => {
    const agent = profile('agent');
    await registerHolder(space.client, agent);
    expect(await directory.generation(agent.id)).toBe(0);
    await space.client.workflow.getHandle(holderWorkflowId(`agent:${agent.id}`)).signal(revokeTokensSignal);
    await registerHolder(space.client, { ...agent, version: '2' });
    await waitUntil(async () => (await directory.get(`agent:${agent.id}`))?.profile.version === '2', {
      what: 'the new profile',
    });
    await waitUntil(async () => (await directory.generation(agent.id)) === 1, { what: 'the new generation' });
    expect(await directory.generation(`none-${agent.id}`)).toBeNull();
  });
});

describe('presence', () => {
  it('ends when nothing is heard, and comes back with the next word', async () => {
    const agent = profile('agent', { presence_ms: 5_000 });
    const ref = `agent:${agent.id}` as const;
    const presence = async () => (await directory.get(ref))?.presence;
    await registerHolder(space.client, agent);
    // Kept alive for longer than the presence time.
    const until = Date.now() + 12_000;
    await waitUntil(
      async () => {
        expect(await heartbeatPresence(space.client, ref)).toBe(true);
        return Date.now() > until;
      },
      { what: 'twelve seconds of presence' },
    );
    const seen = await directory.get(ref);
    expect(seen?.presence).toBe('online');
    expect(seen?.n).toBe(1);
    expect(Date.now() - (seen?.last_seen_at ?? 0)).toBeLessThan(5_000);
    await waitUntil(async () => (await presence()) === 'offline', { what: 'the agent to be away' });
    await waitUntil(async () => (await directory.get(ref))?.last_seen_at === null, { what: 'the expiry' });
    await waitUntil(
      async () => {
        await heartbeatPresence(space.client, ref);
        // Until the workflow has noticed the expiry, its memo still tells of the first activity.
        const back = await directory.get(ref);
        return back?.presence === 'online' && back.n === 2;
      },
      { what: 'the agent to be back' },
    );
  });

  it('of nobody is nothing', async () => {
    expect(await heartbeatPresence(space.client, `agent:none-${randomUUID()}`)).toBe(false);
  });
});

describe('holds', () => {
  it('lists what a holder holds, not what is only assigned to it', async () => {
    const id = randomUUID().slice(0, 8);
    const held = await startVisibleTask(space.client);
    await held.claim(`agent:${id}`);
    const assigned = await startVisibleTask(space.client);
    await assigned.assign(`agent:${id}`);
    await waitUntil(async () => (await directory.holds(`agent:${id}`)).length > 0, { what: 'the index' });
    expect(await directory.holds(`agent:${id}`)).toEqual([
      { task_id: held.input.task_id, status: 'assigned' },
    ]);
  });
});
