/** Who wrote what a task hands in: nobody of them is to review it. */
import type { Receipt } from '../../contracts/receipt';
import type { Attempt, Authors, TaskState } from '../task/types';
import { isConnectFailure } from './connect-failure';

const MODELS_MAX = 20;
/** Attempts that ended so were over before anything was done. */
const DID_NOTHING = new Set(['lapsed', 'claim given up']);
const NEVER_BEGAN = new Set(['slots_full', 'host_unreachable']);

const worked = ({ outcome, failure }: Attempt) =>
  !DID_NOTHING.has(outcome ?? '') &&
  !NEVER_BEGAN.has(failure?.code ?? '') &&
  !isConnectFailure(failure?.code);

/** Whoever may have a part in it; an attempt that is under way counts. */
export function authorsOf({ attempts, models = [], input: { wrote } }: TaskState): Authors {
  const holders = attempts.filter(worked).map(({ holder }) => holder);
  return { holders: all(holders, wrote?.holders), models: all(models, wrote?.models) };
}

const all = <T>(now: T[], before: T[] = []): T[] => [...new Set([...before, ...now])].sort();

/** Receipts that were sent back are not kept, so the model is noted as each comes. */
export function withModel(state: TaskState, { usage }: Receipt): TaskState {
  const model = usage?.model;
  const known = state.models ?? [];
  if (!state.input.origin || model === undefined || known.includes(model)) return state;
  return { ...state, models: [...known, model].slice(-MODELS_MAX) };
}
