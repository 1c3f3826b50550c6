const { existsSync } = require('node:fs');
const { join } = require('node:path');

/** Tests run from TypeScript through swc; types are checked by `npm run check`. */
const base = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.(t|j|mj)s$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  // Packages that ship ES modules only: Node can require() them, jest cannot.
  transformIgnorePatterns: [
    '/node_modules/(?!(jose|close-with-grace|cookie|content-disposition|content-type|@fastify|fastify|fast-check|pure-rand|@octokit|before-after-hook|universal-user-agent|json-with-bigint)/)',
  ],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

/** Tests with real processes and a real Temporal server; a file that leaves one behind fails. */
const real = {
  testEnvironment: '<rootDir>/test/helpers/leak-environment.ts',
  globalSetup: '<rootDir>/test/helpers/global-setup.ts',
  globalTeardown: '<rootDir>/test/helpers/global-teardown.ts',
};

const project = (name, options) => ({
  ...base,
  ...options,
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
});

// Recordings of real CLIs and forges are not ours to ship; their tests exist where the recordings are.
const withoutRecordings = existsSync(join(__dirname, '../shared/samples'))
  ? []
  : ['/[a-z-]*recordings\\.test\\.ts$'];

// Of a machine that lets them make users and mount file systems: they are among the tests where root runs them.
const withoutRoot = process.getuid?.() === 0 ? [] : ['\\.root\\.test\\.ts$'];

module.exports = {
  // A guard against hanging, not a measure: real servers start slowly on a busy machine.
  testTimeout: 300_000,
  projects: [
    project('unit', { testPathIgnorePatterns: withoutRecordings }),
    project('integration', { ...real, testPathIgnorePatterns: [...withoutRecordings, ...withoutRoot] }),
    project('system', real),
    project('replay', real),
    // Fetches programs from the npm registry: `npm run test:clis`, not `npm test`. Needs no Temporal server.
    project('clis', { testEnvironment: real.testEnvironment }),
  ],
};
