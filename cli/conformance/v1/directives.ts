import { directiveSchema } from '../../../contracts/lease';
import { Mismatch, refused, showAnswer } from '../expectations';
import type { Answer } from '../wire';

const HEADER = 'signalbox-directive';

/** The directive of an answer, wherever it stands; null: none. */
export function directiveOf({ headers, body }: Answer) {
  const said = (body as { directive?: unknown } | null)?.directive ?? headers.get(HEADER);
  return directiveSchema.safeParse(said).data ?? null;
}

/** A holder whose lease was revoked may be told so before its epoch is known to be over. Throws Mismatch. */
export function leaseIsOver(who: string, answer: Answer) {
  if (answer.status !== 200) refused(who, answer, 409, 'stale_epoch');
  toldToStop(answer);
}

/** Throws Mismatch unless the answer says that work on the task is to end. */
export function toldToStop(answer: Answer) {
  const directive = directiveOf(answer);
  if (directive === 'terminate') return;
  throw new Mismatch(
    `${answer.call}: the directive terminate`,
    `${directive === null ? 'no directive' : directive} with ${showAnswer(answer)}`,
  );
}
