import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tryLock } from './lock-file';
import { StartFault } from './start-fault';

/** A folder for the data that belongs to this process until it is released. */
export interface DataDir {
  readonly folder: string;
  release(): void;
}

/** Node's own `recursive` never ends under /proc, where a folder's parent exists and takes nothing. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  mkdirSync(folder);
}

/**
 * @throws StartFault when the folder cannot be written or another instance uses it
 */
export function openDataDir(folder: string): DataDir {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
    const attempt = tryLock(join(folder, 'lock'));
    if (attempt.kind === 'taken') return { folder, release: attempt.release };
    throw new StartFault(
      `DATA_DIR ${folder} is in use by another instance, process ${attempt.pid}.`,
    );
  } catch (error) {
    if (error instanceof StartFault) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new StartFault(`DATA_DIR ${folder} is not writable (${code}).`, { cause: error });
  }
}
