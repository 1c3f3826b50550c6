/** The least that the same exchange costs on Temporal: start, one Update, one signal, result. */
import { condition, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';

export const takeUpdate = defineUpdate<number, [string]>('take');
export const doneSignal = defineSignal<[string]>('done');

export async function bare(body: string): Promise<string> {
  let taken = 0;
  let done: string | null = null;
  setHandler(takeUpdate, () => ++taken);
  setHandler(doneSignal, (receipt) => {
    done = receipt;
  });
  await condition(() => done !== null);
  return `${body.length} ${done}`;
}
