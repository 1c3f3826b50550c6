import { plainLine } from './plain-line';

/** Labels with a meaning of their own, with or without `constraint:` before them. */
const SAID_OF: Readonly<Record<string, string>> = {
  'no-new-dependencies': 'Add no new dependencies.',
  'no-breaking-changes': 'Break no public interface, format or command-line option.',
  'tests-required': 'Add or change tests that fail without the change.',
  'tests-only': 'Change tests only.',
  'docs-only': 'Change documentation only.',
  'minimal-change': 'Make the smallest change that does it.',
};

// Forges write scoped labels with a slash: priority/high.
const CONSTRAINT = /^constraint[:/]\s*(.+)$/i;
const PRIORITY = /^(?:priority[:/]\s*(.+)|(p[0-4]))$/i;
const ROUTING = /^agent:/;

export interface LabelConstraints {
  constraints: string[];
  /** Labels that say nothing to us, as they are. */
  others: string[];
}

/** Labels decide what an attempt may do: whoever may set them is trusted so far (docs/prompts.md). */
export function labelConstraints(labels: readonly string[]): LabelConstraints {
  const constraints = new Set<string>();
  const others = new Set<string>();
  for (const label of labels.map(plainLine)) {
    if (label === '' || ROUTING.test(label)) continue;
    const told = CONSTRAINT.exec(label)?.[1];
    const priority = PRIORITY.exec(label);
    const name = (told ?? label).toLowerCase();
    if (Object.hasOwn(SAID_OF, name)) constraints.add(SAID_OF[name] ?? name);
    else if (told !== undefined) constraints.add(told);
    else if (priority !== null) constraints.add(`Priority: ${priority[1] ?? priority[2]}.`);
    else others.add(label);
  }
  return { constraints: [...constraints], others: [...others] };
}
