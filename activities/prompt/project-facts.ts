/** What two files tell of a project. Neither function throws: what cannot be read tells nothing. */

/** Names of the scripts in the text of a package.json; undefined when it cannot be read. */
export function npmScripts(packageJson: string): string[] | undefined {
  try {
    const { scripts } = JSON.parse(packageJson) as { scripts?: unknown };
    return typeof scripts === 'object' && scripts !== null ? Object.keys(scripts) : [];
  } catch {
    return undefined;
  }
}

/** Names of the targets in the text of a Makefile, without those made by patterns or variables. */
export function makeTargets(makefile: string): string[] {
  const targets = [...makefile.matchAll(/^([A-Za-z0-9][^\n:=#\t$%]*?)[ ]*::?(?!=)/gm)];
  return [...new Set(targets.flatMap(([, names]) => (names ?? '').split(/ +/)))];
}
