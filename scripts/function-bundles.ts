import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import {
  build,
  formatMessages,
  type BuildFailure,
  type BuildOptions,
  type Metafile,
} from 'esbuild';
import { FUNCTION_NAMES } from '../core/contract/functions';

/** The functions could not be bundled; the message is for the reader's terminal. */
export class BuildFailed extends Error {}

export interface BuildResult {
  /** Nothing had changed since the last build, so nothing was done. */
  readonly isFresh: boolean;
  readonly functions: number;
  /** Bundles whose content changed. */
  readonly written: number;
  /** The largest bundle with its size, for the eye. */
  readonly largest: string;
}

/** What the last build read and wrote: path below the root -> hash of the content. */
interface BuildRecord {
  readonly options: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

const OUTPUT = join('dist', 'functions');
const RECORD = join('dist', 'functions.build.json');
/** A new file in them can change what an import resolves to, so every one of them is an input. */
const SOURCES = ['core', 'lambdas'];
const SETTINGS = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'scripts/function-bundles.ts',
];

const PLACEHOLDER =
  'exports.handler = async () => { throw new Error("This function is not written yet."); };\n';

const OPTIONS = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  // The oldest Node on which the bundles run: Lambda has 24, the local cloud any from 20 on.
  target: 'node20',
  // ES modules first: esbuild can leave out what nobody imports.
  mainFields: ['module', 'main'],
  minify: true,
  treeShaking: true,
  alias: { '@aws-sdk/credential-provider-node': join(__dirname, 'bundled-credentials.ts') },
  legalComments: 'none',
  logLevel: 'silent',
  metafile: true,
  write: false,
} as const satisfies BuildOptions;

/**
 * Bundles every function of the contract with one esbuild call, unless nothing changed since the
 * last one. Bundles are replaced one by one and whole, so that a server that loads them meanwhile
 * never sees half a file.
 *
 * @throws BuildFailed when a function has no source or does not compile
 */
export async function buildFunctions(props: {
  readonly root: string;
  readonly allowMissing: boolean;
}): Promise<BuildResult> {
  const { root } = props;
  const missing = FUNCTION_NAMES.filter((name) => !existsSync(join(root, sourceOf(name))));
  if (missing.length > 0 && !props.allowMissing) {
    throw new BuildFailed(
      `build: no source for ${missing.length} functions of core/contract/functions.ts:\n` +
        missing.map((name) => `  ${sourceOf(name)}`).join('\n'),
    );
  }
  const options = JSON.stringify([OPTIONS, FUNCTION_NAMES, missing, process.versions.node]);
  if (isFresh(root, options)) {
    return { isFresh: true, functions: FUNCTION_NAMES.length, written: 0, largest: '' };
  }
  const present = FUNCTION_NAMES.filter((name) => !missing.includes(name));
  // Hashed before the build: a file changed meanwhile then counts as changed at the next one.
  const before = hashesOf(root, [...filesBelow(root, SOURCES), ...SETTINGS]);
  const { contents, metafile } = await bundle(root, present);
  for (const name of missing) contents.set(outputOf(name), Buffer.from(PLACEHOLDER));

  removeOthers(root, contents);
  const written = [...contents].filter(([path, content]) => replace(join(root, path), content));
  const imported = Object.keys(metafile.inputs).filter((path) => !(path in before));
  const record: BuildRecord = {
    options,
    inputs: { ...hashesOf(root, imported), ...before },
    outputs: Object.fromEntries([...contents].map(([path, content]) => [path, hash(content)])),
  };
  replace(join(root, RECORD), Buffer.from(JSON.stringify(record, null, 1)));
  return {
    isFresh: false,
    functions: FUNCTION_NAMES.length,
    written: written.length,
    largest: largestOf(contents),
  };
}

const sourceOf = (name: string): string => join('lambdas', name, 'index.ts');
const outputOf = (name: string): string => join(OUTPUT, name, 'index.js');

async function bundle(
  root: string,
  names: readonly string[],
): Promise<{ contents: Map<string, Uint8Array>; metafile: Metafile }> {
  try {
    const result = await build({
      ...OPTIONS,
      mainFields: [...OPTIONS.mainFields],
      absWorkingDir: root,
      entryPoints: names.map((name) => ({ in: sourceOf(name), out: join(name, 'index') })),
      outdir: OUTPUT,
    });
    const contents = new Map(
      result.outputFiles.map((file) => [relative(root, file.path), file.contents]),
    );
    return { contents, metafile: result.metafile };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    const messages = await formatMessages(error.errors, {
      kind: 'error',
      color: process.stderr.isTTY,
    });
    throw new BuildFailed(`build: the functions do not compile\n\n${messages.join('').trimEnd()}`);
  }
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

/** True when every input and every output is byte for byte what it was after the last build. */
function isFresh(root: string, options: string): boolean {
  const record = readRecord(join(root, RECORD));
  if (record === undefined || record.options !== options) return false;
  const sources = filesBelow(root, SOURCES);
  if (sources.some((path) => !(path in record.inputs))) return false;
  return [record.inputs, record.outputs].every((files) =>
    Object.entries(files).every(([path, expected]) => hashOf(root, path) === expected),
  );
}

function readRecord(path: string): BuildRecord | undefined {
  try {
    const record: BuildRecord = JSON.parse(readFileSync(path, 'utf8'));
    return record;
  } catch {
    // No build yet, or a record that was cut off: build.
    return undefined;
  }
}

function filesBelow(root: string, folders: readonly string[]): string[] {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name))),
    );
}

function hashesOf(root: string, paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path) => [path, hashOf(root, path)]));
}

function hashOf(root: string, path: string): string {
  try {
    return hash(readFileSync(join(root, path)));
  } catch {
    return 'missing';
  }
}

function hash(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('base64url');
}

/** Writes a file in one step; false when it already had that content. */
function replace(path: string, content: Uint8Array): boolean {
  if (existsSync(path) && readFileSync(path).equals(content)) return false;
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, content);
  renameSync(draft, path);
  return true;
}

/** Bundles of functions that are no more would be deployed by nobody and mislead everybody. */
function removeOthers(root: string, contents: ReadonlyMap<string, unknown>): void {
  for (const path of filesBelow(root, [OUTPUT])) {
    if (!contents.has(path)) rmSync(join(root, path), { force: true });
  }
}

function largestOf(contents: ReadonlyMap<string, Uint8Array>): string {
  const [path, content] = [...contents].reduce((a, b) => (b[1].length > a[1].length ? b : a));
  return `${dirname(relative(OUTPUT, path))} ${Math.round(content.length / 1024)} KB`;
}
