import { describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import type { HostActivities, RunRequest } from '../../contracts/run';
import { createSlots, type HostRoom } from '../../workers/dispatcher-slots';
import { watchActivities } from '../../workers/dispatcher-watch';
import { manualClock } from '../helpers/manual-clock';

const room = (id: string, slots: number, online = true): HostRoom => ({
  id,
  slots,
  capabilities: ['agent:code'],
  online: () => online,
});

function fixture(rooms: HostRoom[] = [room('h', 2)]) {
  const clock = manualClock();
  const slots = createSlots(rooms, clock);
  let gains = 0;
  slots.onRoom(() => {
    gains += 1;
  });
  const running = (id = 'h') => slots.candidates().find((host) => host.id === id)?.running;
  const shown = (...tasks: string[]) => slots.reconcile(new Map([['h', new Set(tasks)]]), clock.now());
  return { clock, slots, running, shown, gains: () => gains };
}

describe('slots', () => {
  it('are taken from the claim until it comes to nothing, which wakes nobody', () => {
    const { slots, running, gains } = fixture();
    slots.take('h', 'a');
    slots.take('h', 'b');
    expect(running()).toBe(2);
    expect(slots.hasRoom()).toBe(false);
    slots.giveBack('h', 'a');
    expect(running()).toBe(1);
    expect(slots.hasRoom()).toBe(true);
    expect(gains()).toBe(0);
  });

  it('are not there on a host that is offline', () => {
    const { slots } = fixture([room('h', 2, false)]);
    expect(slots.hasRoom()).toBe(false);
  });

  it('show what is known of a host, and of those of other processes', () => {
    const condition = { online: false, unreachable: true, cordoned: true, lacking: [null] };
    const clock = manualClock();
    const foreign = {
      id: 'x',
      capabilities: [],
      slots: 1,
      running: 0,
      online: true,
      elsewhere: true as const,
    };
    const slots = createSlots([{ ...room('h', 2), condition: () => condition }], clock, () => [foreign]);
    expect(slots.candidates()).toEqual([
      { id: 'h', capabilities: ['agent:code'], slots: 2, running: 0, ...condition },
      foreign,
    ]);
    expect(slots.hasRoom()).toBe(false);
  });

  it('are shut for a while on a host that turned out to be full', async () => {
    const { slots, clock, gains } = fixture();
    slots.block('h', 5_000);
    await clock.advance(4_999);
    expect(slots.hasRoom()).toBe(false);
    await clock.advance(1);
    expect(slots.hasRoom()).toBe(true);
    expect(gains()).toBe(1);
  });

  it('count what visibility shows, whoever claimed it', () => {
    const { slots, shown, running } = fixture();
    shown('theirs');
    expect(running()).toBe(1);
    expect(slots.hasForeign()).toBe(true);
    shown('theirs');
    expect(running()).toBe(1);
  });

  it('are freed when visibility no longer shows the task, but not before it could', async () => {
    const { slots, shown, running, clock, gains } = fixture();
    slots.take('h', 'a');
    await clock.advance(5_000);
    shown();
    expect(running()).toBe(1);
    await clock.advance(1);
    shown();
    expect(running()).toBe(0);
    expect(gains()).toBe(1);
  });

  it('stay taken while an activity of the attempt runs here, whatever visibility shows', async () => {
    const { slots, shown, running, clock } = fixture();
    const leave = slots.enter('h', 'a', 'a-e1');
    expect(slots.hasForeign()).toBe(false);
    await clock.advance(60_000);
    shown();
    expect(running()).toBe(1);
    leave('goes on');
    expect(slots.hasForeign()).toBe(true);
    shown();
    expect(running()).toBe(0);
  });

  it('are freed at once when visibility showed the task and no longer does', () => {
    const { slots, shown, running } = fixture();
    slots.take('h', 'a');
    shown('a', 'theirs');
    expect(running()).toBe(2);
    shown();
    expect(running()).toBe(0);
  });

  it('do not come back with what visibility shows a little longer', async () => {
    const { slots, shown, running, clock } = fixture();
    slots.enter('h', 'a', 'a-e1')('ended');
    shown('a');
    expect(running()).toBe(0);
    await clock.advance(5_001);
    shown('a');
    expect(running()).toBe(1);
  });

  it('are taken again by a new attempt at a task that just ended', () => {
    const { slots, shown, running } = fixture();
    slots.enter('h', 'a', 'a-e1')('ended');
    slots.take('h', 'a');
    shown('a');
    expect(running()).toBe(1);
  });

  it('are freed by a kill of the attempt in question, and no other', () => {
    const { slots, running } = fixture();
    const leave = slots.enter('h', 'a', 'a-e2');
    slots.attemptEnded('h', 'a-e1');
    expect(running()).toBe(1);
    slots.attemptEnded('h', 'a-e2');
    expect(running()).toBe(0);
    slots.take('h', 'a');
    leave('ended');
    expect(running()).toBe(1);
  });

  it('of a host that this process does not serve are an error', () => {
    const { slots } = fixture();
    expect(() => slots.take('other', 'a')).toThrow('unknown host other: this process serves h');
  });
});

describe('watched activities', () => {
  const request = { task_id: 'a', attempt_id: 'a-e1' } as RunRequest;
  const kill = { attempt_id: 'a-e1', kill_grace_ms: 1, immediate: false };
  const following = { request, started: {} as never };

  function watched(activities: Partial<HostActivities>) {
    const made = fixture();
    const never = () => Promise.reject(new Error('not expected'));
    const all = { startRun: never, followRun: never, killRun: never, ...activities };
    return { ...made, activities: watchActivities(all, 'h', made.slots) };
  }

  it('free the slot when the run was followed to its end', async () => {
    const { activities, running } = watched({
      startRun: async () => ({}) as never,
      followRun: async () => ({}) as never,
    });
    await activities.startRun(request);
    expect(running()).toBe(1);
    await activities.followRun(following);
    expect(running()).toBe(0);
  });

  it.each([
    ['a failure that is final', ApplicationFailure.nonRetryable('no', 'run_lost'), 0],
    ['one that may be tried again', ApplicationFailure.retryable('no', 'host_unreachable'), 1],
    ['the shutdown of the worker', new Error('cancelled'), 1],
  ])('after %s leave so many slots taken', async (_, error, left) => {
    const { activities, running } = watched({
      startRun: () => Promise.reject(error),
      followRun: () => Promise.reject(error),
    });
    await expect(activities.startRun(request)).rejects.toBe(error);
    expect(running()).toBe(left);
    await expect(activities.followRun(following)).rejects.toBe(error);
    expect(running()).toBe(left);
  });

  it('leave a host alone that had no slot, and let the task go', async () => {
    const full = ApplicationFailure.retryable('every slot is taken', 'slots_full');
    const { activities, slots, running } = watched({ startRun: () => Promise.reject(full) });
    await expect(activities.startRun(request)).rejects.toMatchObject({
      type: 'slots_full',
      nonRetryable: true,
    });
    expect(running()).toBe(0);
    expect(slots.hasRoom()).toBe(false);
  });

  it('tell when the host could not be reached', async () => {
    const made = fixture();
    const told: unknown[] = [];
    const refused = ApplicationFailure.retryable('nothing listens', 'connection_refused');
    let error: Error = refused;
    const never = () => Promise.reject(new Error('not expected'));
    const failing = { startRun: () => Promise.reject(error), followRun: never, killRun: never };
    const activities = watchActivities(failing, 'h', made.slots, (failure) => told.push(failure));
    await expect(activities.startRun(request)).rejects.toBe(refused);
    expect(told).toEqual([{ code: 'connection_refused', message: 'nothing listens' }]);
    error = ApplicationFailure.nonRetryable('git', 'work_dir_failed');
    await expect(activities.startRun(request)).rejects.toBe(error);
    expect(told).toHaveLength(1);
  });

  it.each([
    ['dead', 0],
    ['alive', 1],
  ] as const)('after a kill that saw the run %s leave so many slots taken', async (seen, left) => {
    const { activities, running } = watched({
      startRun: async () => ({}) as never,
      killRun: async () => ({ ...kill, seen, signals: [], survivors: [], duration_ms: 1 }),
    });
    await activities.startRun(request);
    await activities.killRun(kill);
    expect(running()).toBe(left);
  });
});
