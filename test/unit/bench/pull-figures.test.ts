import { describe, expect, it } from '@jest/globals';
import { callsOf } from '../../../bench/pull/counted-server';
import { parkedOf, type Rest } from '../../../bench/pull/parked-figures';
import { besideOf, timesOf } from '../../../bench/pull/times';

describe('times', () => {
  it('have a median and a 95th percentile', () => {
    const ms = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(timesOf(ms)).toEqual({ samples: 100, p50Ms: 50.5, p95Ms: 96 });
  });

  it('of one are that one', () => {
    expect(timesOf([7])).toEqual({ samples: 1, p50Ms: 7, p95Ms: 7 });
  });

  it('of none are refused', () => {
    expect(() => timesOf([])).toThrow(RangeError);
  });

  it('are compared by their medians', () => {
    const { product, bare, ratio } = besideOf([30, 30, 900], [20, 21, 1]);
    expect(ratio).toBe(1.5);
    expect([product.p50Ms, bare.p50Ms]).toEqual([30, 20]);
  });
});

describe('agents that wait', () => {
  const rest = (changes: Partial<Rest>): Rest => ({
    agents: 0,
    seconds: 50,
    cpuMs: 500,
    engineCpuMs: 1_000,
    visibilityCalls: 0,
    polls: 0,
    odd: 0,
    ...changes,
  });
  const idle = rest({});
  const one = rest({ agents: 1, cpuMs: 600, visibilityCalls: 50, polls: 1 });

  const still = rest({ agents: 1_000, seconds: 30, cpuMs: 600, visibilityCalls: 30 });

  it('cost what the process needs more than with none of them', () => {
    const polling = rest({
      ...still,
      seconds: 50,
      cpuMs: 2_000,
      engineCpuMs: 6_000,
      visibilityCalls: 55,
      polls: 1_000,
    });
    const parked = parkedOf({ idle, one, still, polling });
    expect(parked).toMatchObject({ agents: 1_000, rests: [idle, one, still, polling] });
    expect(parked.cores).toBeCloseTo(0.01);
    expect(parked.pollingCores).toBeCloseTo(0.03);
    expect(parked.engineCores).toBeCloseTo(0.1);
    expect(parked.msPerPoll).toBeCloseTo(1);
    expect(parked.callsAdded).toBeCloseTo(0.1);
  });

  it('may ask again while they are taken to wait', () => {
    const moved = { ...still, cpuMs: 630, polls: 30 };
    const polling = rest({ ...still, seconds: 60, cpuMs: 2_200, polls: 1_060 });
    expect(parkedOf({ idle, one, still: moved, polling }).msPerPoll).toBeCloseTo(0.94);
  });
});

describe('calls', () => {
  const metrics = `# TYPE service_requests counter
service_requests{namespace="default",operation="ListWorkflowExecutions",service_name="frontend"} 41
service_requests{namespace="other",operation="CountWorkflowExecutions",service_name="frontend"} 2e+02
service_requests{namespace="temporal_system",operation="ListWorkflowExecutions",service_name="frontend"} 3
service_requests{namespace="default",operation="ListWorkflowExecutions",service_name="history"} 7
service_requests{namespace="default",operation="RespondWorkflowTaskCompleted",service_name="frontend"} 6
service_requests{namespace="default",operation="StartWorkflowExecution",service_name="frontend"} 9
service_requests_other{operation="ListWorkflowExecutions",service_name="frontend"} 5
`;

  it('are those that reached the frontend, but not those of the server itself', () => {
    expect(callsOf(metrics)).toEqual({ visibility: 241, workflowTasks: 6 });
  });

  it('of a server that was never asked are none', () => {
    expect(callsOf('')).toEqual({ visibility: 0, workflowTasks: 0 });
  });
});
