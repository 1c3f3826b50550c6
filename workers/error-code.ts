/**
 * Whether it is an error with this code: of the system, such as ENOENT, or the number of a gRPC status.
 * Not by `instanceof`: inside a jest sandbox, Node's own errors are of another realm.
 */
export function hasCode(error: unknown, code: string | number): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
