import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Everything that the local cloud is made from; a change to any of it means building again. */
const INPUTS = [
  'bin/maestro-billing.ts',
  'cdk.json',
  'core',
  'docs/openapi.yaml',
  'lambdas',
  'lib',
  'local/access',
  'local/engine',
  'local/functions',
  'package-lock.json',
  'package.json',
  'scripts',
  'tsconfig.json',
];

function filesOf(path: string): string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (!stats.isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** A short text that differs whenever an input does. */
export function fingerprintOf(root: string): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of INPUTS.flatMap((input) => filesOf(join(root, input)))) {
    hash.update(`\0${file.slice(root.length)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 16);
}
