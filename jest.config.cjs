/** One project per kind of test; `npx jest --selectProjects unit` runs one kind. */
const project = (name, extra = {}) => ({
  displayName: name,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  transform: {
    '^.+\\.(t|j)sx?$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } },
    ],
    '^.+\\.mjs$': ['@swc/jest', { jsc: { target: 'es2022' } }],
  },
  // These ship ES modules alone; jest's own loader needs them as CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!(@middy|jose|valibot|lossless-json)/)'],
  ...extra,
});

module.exports = {
  projects: ['unit', 'property', 'integration', 'infra', 'e2e'].map((name) => project(name)),
};
