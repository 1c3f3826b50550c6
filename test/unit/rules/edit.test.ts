import { describe, expect, it } from '@jest/globals';
import { grant, grantOf } from '../../../workflows/rules/claim';
import { edit } from '../../../workflows/rules/edit';
import { cancel } from '../../../workflows/rules/review';
import { taskReport } from '../../../workflows/rules/view';
import type { EditMessage } from '../../../workflows/task/message-types';
import { fromForge } from '../../helpers/forge-task';
import { claimBy, created, held, T0 } from '../../helpers/task-state';

const edited = (over: Partial<EditMessage> = {}): EditMessage => ({
  message_id: 'e',
  title: 'another title',
  body: { inline: 'do that' },
  labels: ['agent:review'],
  updated_at: 200,
  ...over,
});
const same = { title: 'a title', body: { inline: 'true' }, labels: ['agent:code'] };

describe('an edited issue', () => {
  it('changes what the next holder gets', () => {
    const { state } = edit(created(fromForge()), edited(), T0 + 5);
    expect(grantOf(grant(state, claimBy('agent:a'), T0)).work).toMatchObject({
      title: 'another title',
      body: { inline: 'do that' },
      labels: ['agent:review'],
    });
    expect(state.events.at(-1)).toMatchObject({ type: 'edited', message: 'title, body, labels' });
  });

  it.each([
    ['created', {}, 200, 'another title'],
    ['as old as what is known', { edited_at: 200 }, 200, 'another title'],
    ['older than what is known', { edited_at: 201 }, 200, 'a title'],
  ])('%s', (_, input, updated_at, title) => {
    const { state } = edit(created(fromForge(input)), edited({ updated_at }), T0);
    expect(state.input.title).toBe(title);
  });

  it('is outdone by a newer one that came before it', () => {
    const newer = edit(created(fromForge()), edited({ title: 'newest', updated_at: 300 }), T0).state;
    const step = edit(newer, edited({ updated_at: 250 }), T0);
    expect(step).toEqual({ state: newer, outcome: { code: 'ok', message: 'nothing new' } });
  });

  it('is offered anew only for its labels', () => {
    const relabelled = edit(created(fromForge()), edited({ ...same, labels: ['agent:x'] }), T0 + 5).state;
    expect(relabelled.claimable_since).toBe(T0 + 5);
    const retitled = edit(created(fromForge()), edited({ ...same, title: 'x' }), T0 + 5).state;
    expect(retitled.claimable_since).toBe(T0);
  });

  it('leaves a holder its lease, and a task that is not claimable as it is', () => {
    const state = edit(held('agent:a', fromForge()), edited(), T0 + 5).state;
    expect(state).toMatchObject({ status: 'assigned', claimable_since: null, lease: { epoch: 1 } });
  });

  it('that says the same is no event', () => {
    const before = created(fromForge());
    const { state } = edit(before, edited(same), T0 + 5);
    expect(state.events).toEqual(before.events);
    expect(state).toMatchObject({ claimable_since: T0, input: { edited_at: 200 } });
  });

  it('is told with the result, for another run of the task', () => {
    const { title, body, labels, updated_at } = edited();
    const { state } = edit(held('agent:a', fromForge()), edited(), T0);
    expect(taskReport(state)).toMatchObject({
      edited: { title, body, labels, edited_at: updated_at },
      authors: { holders: ['agent:a'], models: [] },
    });
    expect(Object.keys(taskReport(held()))).toEqual(['view', 'events', 'outcomes', 'claim_hash']);
  });

  it('comes too late for a task that has ended', () => {
    const over = cancel(created(fromForge()), { message_id: 'x', reason: null, by: 'x' }, T0).state;
    expect(edit(over, edited(), T0)).toMatchObject({ state: over, outcome: { code: 'closed' } });
  });
});
