/**
 * Milliseconds since it was made. The larger of two clocks: one stands still while the machine sleeps, the other can
 * be set back, and a lease must not seem younger than it is.
 */
export function startStopwatch(): () => number {
  const wall = Date.now();
  const steady = performance.now();
  return () => Math.max(Date.now() - wall, performance.now() - steady);
}
