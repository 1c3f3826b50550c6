/** Tests run from TypeScript through swc; types are checked by `npm run check`. */
const base = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.(t|j|mj)s$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }],
  },
  // Packages that ship ES modules only: Node can require() them, jest cannot.
  transformIgnorePatterns: ['/node_modules/(?!(jose|close-with-grace|cookie|@fastify|fastify|fast-check|pure-rand)/)'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

module.exports = {
  projects: ['unit', 'integration', 'system', 'replay'].map((name) => ({
    ...base,
    displayName: name,
    testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  })),
};
