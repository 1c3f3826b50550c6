/** What is known of a project besides the names of its files. */
export interface ValidationSettings {
  /** From the config file; they go before everything, and an empty list means: none. */
  commands?: readonly string[] | undefined;
  /** Names of the scripts in package.json, when they were read. */
  npm_scripts?: readonly string[] | undefined;
  /** Names of the targets in the Makefile, when they were read. */
  make_targets?: readonly string[] | undefined;
}

interface ProjectKind {
  /** Any of these names tells the kind. */
  files: readonly string[];
  commands: (has: (file: string) => boolean, settings: ValidationSettings) => string[];
  /** What to tell an agent that has to find the kind out by itself. */
  rule: string;
}

/** Of package.json: scripts that check without changing anything. `check` is taken to hold what comes after it. */
const NPM_CHECKS = ['check', 'lint', 'typecheck'] as const;

const KINDS: readonly ProjectKind[] = [
  {
    files: ['package.json'],
    commands: npmCommands,
    rule: '`package.json`: `npm test`, and `npm run check` or `npm run lint` where there is such a script',
  },
  { files: ['Cargo.toml'], commands: () => ['cargo test'], rule: '`Cargo.toml`: `cargo test`' },
  { files: ['go.mod'], commands: () => ['go test ./...'], rule: '`go.mod`: `go test ./...`' },
  {
    files: ['pyproject.toml', 'pytest.ini', 'conftest.py', 'tox.ini', 'setup.py', 'setup.cfg'],
    commands: (has) => [`${has('uv.lock') ? 'uv run ' : has('poetry.lock') ? 'poetry run ' : ''}pytest`],
    rule: '`pyproject.toml` or `pytest.ini`: `pytest`',
  },
  {
    files: ['pom.xml'],
    commands: (has) => [has('mvnw') ? './mvnw -q test' : 'mvn -q test'],
    rule: '`pom.xml`: `mvn -q test`',
  },
  {
    files: ['build.gradle', 'build.gradle.kts'],
    commands: (has) => [has('gradlew') ? './gradlew test' : 'gradle test'],
    rule: '`build.gradle`: `gradle test`',
  },
  {
    files: ['Makefile', 'makefile', 'GNUmakefile'],
    commands: (_, { make_targets }) => (make_targets?.includes('test') ? ['make test'] : []),
    rule: '`Makefile` with a target `test`: `make test`',
  },
];

/** One line for each kind of project. */
export const VALIDATION_RULES: readonly string[] = KINDS.map(({ rule }) => rule);

/**
 * How the work in a directory is checked.
 * @param files names in the directory itself; names with a slash are of no account
 * @returns commands for a shell, in the order to run them; empty when nothing is known
 */
export function validationCommands(files: readonly string[], settings: ValidationSettings = {}): string[] {
  if (settings.commands !== undefined) return [...settings.commands];
  const names = new Set(files.map((file) => file.replace(/^\.\//, '')));
  const has = (file: string) => names.has(file);
  return KINDS.filter((kind) => kind.files.some(has)).flatMap((kind) => kind.commands(has, settings));
}

function npmCommands(has: (file: string) => boolean, { npm_scripts }: ValidationSettings): string[] {
  const runner = has('pnpm-lock.yaml')
    ? 'pnpm'
    : has('yarn.lock')
      ? 'yarn'
      : has('bun.lock') || has('bun.lockb')
        ? 'bun'
        : 'npm';
  // `bun test` is bun's own test runner, whatever the script says.
  const test = runner === 'bun' ? 'bun run test' : `${runner} test`;
  if (npm_scripts === undefined) return [test];
  const found = NPM_CHECKS.filter((name) => npm_scripts.includes(name));
  const checks = found.includes('check') ? ['check'] : found;
  return [...(npm_scripts.includes('test') ? [test] : []), ...checks.map((name) => `${runner} run ${name}`)];
}
