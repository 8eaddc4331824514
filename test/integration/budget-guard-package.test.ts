import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(__dirname, '../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

let consumer: string;

/** Another service, which has this package and middy among its dependencies. */
beforeAll(async () => {
  await run('npm', ['run', 'build:package'], { cwd: ROOT });
  consumer = mkdtempSync(join(tmpdir(), 'guarded-service-'));
  mkdirSync(join(consumer, 'node_modules/@types'), { recursive: true });
  mkdirSync(join(consumer, 'node_modules/@middy'));
  symlinkSync(ROOT, join(consumer, 'node_modules/maestro-billing'));
  for (const name of ['@middy/core', '@types/node', '@types/aws-lambda']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(consumer, 'node_modules', name));
  }
}, 60_000);
afterAll(() => rmSync(consumer, { recursive: true, force: true }));

const NAMES = [
  'BudgetDeniedError',
  'MaestroRequestError',
  'MaestroUnavailableError',
  'UsageReportError',
  'budgetGuard',
  'clientCredentials',
  'maestroClient',
];

test.each([
  ['require', 'index.cjs', "const guard = require('maestro-billing');"],
  [
    'import',
    'index.mjs',
    `import { ${NAMES.join(', ')} } from 'maestro-billing';
     const guard = { ${NAMES.join(', ')} };`,
  ],
])('%s gives everything that is exported', async (_how, file, load) => {
  const print = 'console.log(JSON.stringify(Object.keys(guard).sort()))';
  writeFileSync(join(consumer, file), `${load}\n${print}`);
  const { stdout, stderr } = await run(process.execPath, [file], { cwd: consumer });
  expect(JSON.parse(stdout)).toEqual(NAMES);
  expect(stderr).toBe('');
});

const EXAMPLE = readFileSync(join(ROOT, 'test/examples/summarize-handler.ts'), 'utf8').replace(
  "'../../index'",
  "'maestro-billing'",
);
/** Middy's own types cannot be had by a CommonJS service that resolves like Node; ours can. */
const WITHOUT_MIDDY = `
  import { budgetGuard, maestroClient } from 'maestro-billing';
  export const guard = budgetGuard<{ runId: string }, string>({
    client: maestroClient({ baseUrl: 'https://maestro.test', token: async () => 'token' }),
    runId: (event) => event.runId,
    step: { estimatedCostUSD: '0.10' },
    usage: (response) => ({ costUSD: '0.05', tags: { length: String(response.length) } }),
  });`;

test.each([
  ['node16', 'commonjs', WITHOUT_MIDDY],
  ['node16', 'module', EXAMPLE],
  ['bundler', 'module', EXAMPLE],
])(
  'the types hold in another service (%s, %s)',
  async (resolution, type, source) => {
    writeFileSync(join(consumer, 'handler.ts'), source);
    writeFileSync(join(consumer, 'package.json'), JSON.stringify({ type }));
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'ES2022',
      module: resolution === 'bundler' ? 'ESNext' : 'Node16',
      moduleResolution: resolution,
      types: ['node'],
    };
    const files = ['handler.ts'];
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const { stdout } = await run(process.execPath, [TSC, '-p', consumer]).catch(
      (failed: { stdout: string }) => failed,
    );
    expect(stdout).toBe('');
  },
  60_000,
);
