import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FUNCTION_NAMES } from '../../core/contract/functions';
import { buildFunctions } from '../../scripts/function-bundles';

let root: string;

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

const outputOf = (name: string): string => join(root, 'dist', 'functions', name, 'index.js');
const build = (allowMissing = false) => buildFunctions({ root, allowMissing });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'maestro-build-'));
  write('core/greeting.ts', "export const greeting = 'good day';\n");
  for (const name of FUNCTION_NAMES) {
    write(
      `lambdas/${name}/index.ts`,
      "import { greeting } from '../../core/greeting';\n" +
        `export const handler = async (): Promise<string> => greeting + ' from ${name}';\n`,
    );
  }
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

test('every function of the contract becomes one file that exports its handler', async () => {
  await expect(build()).resolves.toMatchObject({
    isFresh: false,
    functions: FUNCTION_NAMES.length,
    written: FUNCTION_NAMES.length,
  });
  for (const name of FUNCTION_NAMES) {
    const bundle = createRequire(__filename)(outputOf(name));
    await expect(bundle.handler()).resolves.toBe(`good day from ${name}`);
  }
});

test('nothing changed: nothing is done', async () => {
  await build();
  await expect(build()).resolves.toMatchObject({ isFresh: true, written: 0 });
});

test('only the bundles that changed are written', async () => {
  await build();
  write('lambdas/healthz/index.ts', 'export const handler = async () => 1;\n');
  await expect(build()).resolves.toMatchObject({ isFresh: false, written: 1 });
});

test.each([
  ['a source that all share', () => write('core/greeting.ts', "export const greeting = 'hi';\n")],
  ['a new source', () => write('core/greeting/index.ts', "export const greeting = 'hi';\n")],
  ['a bundle that somebody touched', () => write('dist/functions/healthz/index.js', 'broken')],
  [
    'a bundle that is gone',
    () => rmSync(join(root, 'dist/functions/healthz'), { recursive: true }),
  ],
  ['a new lockfile', () => write('package-lock.json', '{}')],
])('%s starts a new build', async (_, change) => {
  await build();
  change();
  await expect(build()).resolves.toMatchObject({ isFresh: false });
  await expect(build()).resolves.toMatchObject({ isFresh: true });
});

test('a function without source is an error that names the file', async () => {
  rmSync(join(root, 'lambdas/healthz'), { recursive: true });
  await expect(build()).rejects.toThrow('lambdas/healthz/index.ts');
  await expect(build(true)).resolves.toMatchObject({ functions: FUNCTION_NAMES.length });
  // A build that was allowed to leave one out does not count for one that is not.
  await expect(build()).rejects.toThrow('lambdas/healthz/index.ts');
});

test('a source that does not compile is shown with its place, and the old bundles stay', async () => {
  await build();
  const before = readFileSync(outputOf('healthz'), 'utf8');
  write(
    'lambdas/healthz/index.ts',
    "import { nothing } from '../nowhere';\nexport const x = nothing;\n",
  );
  await expect(build()).rejects.toThrow(/lambdas\/healthz\/index\.ts:1:24/);
  expect(readFileSync(outputOf('healthz'), 'utf8')).toBe(before);
});

test('bundles of functions that are no more are taken away', async () => {
  write('dist/functions/old-function/index.js', 'exports.handler = 1;\n');
  await build();
  expect(() => readFileSync(outputOf('old-function'))).toThrow(/ENOENT/);
});
