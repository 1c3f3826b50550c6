/** Who is capable of what: a holder's capabilities against the `agent:*` labels of a task. */

const CAPABILITY_PREFIX = 'agent:';

/** The labels that ask for a capability, each once and in one order, so that equal needs compare equal. */
export function requiredCapabilities(labels: readonly string[]): string[] {
  return [...new Set(labels.filter((label) => label.startsWith(CAPABILITY_PREFIX)))].sort();
}

/** True when the capabilities include every `agent:*` label; a task without one is for everybody. */
export function isCapable(capabilities: readonly string[], labels: readonly string[]): boolean {
  return labels.every((label) => !label.startsWith(CAPABILITY_PREFIX) || capabilities.includes(label));
}
