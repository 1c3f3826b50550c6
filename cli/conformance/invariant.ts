import type { Lab } from './lab';

export type Dialect = 'v1' | 'fleet';

/** One promise of the protocol, and how it is put to the test. */
export interface Invariant {
  /** `v1/claim-race`: stable, for `--only` and for machines. */
  name: `${Dialect}/${string}`;
  requires: string;
  /** Throws Mismatch when it does not hold, Skip when it cannot be tested here. */
  check(lab: Lab): Promise<void>;
  /** In milliseconds; default LIMIT_MS. */
  limitMs?: number;
}

/** Nothing that an invariant waits for takes half of this on a deployment that can be worked with. */
export const LIMIT_MS = 45_000;

/** This deployment, or this token, does not allow the test; the message says why. */
export class Skip extends Error {
  override readonly name = 'Skip';
}

export const dialectOf = ({ name }: Pick<Invariant, 'name'>) => name.split('/')[0] as Dialect;
