import { spawnSync } from 'node:child_process';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** A process, told apart from a later one that was given the same number. */
interface Holder {
  readonly pid: number;
  readonly startedAt: string;
}

export type LockAttempt =
  | { readonly kind: 'taken'; readonly release: () => void }
  | { readonly kind: 'held'; readonly pid: number };

const FIELDS_BEFORE_START_TIME = 20;

/** When a process began, as its system tells it; empty: there is no such process. */
function startOf(pid: number): string {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return '';
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces and parentheses itself.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A process that was killed and that nobody has asked about yet holds nothing any more.
    if (state === 'Z') return '';
    return fields[FIELDS_BEFORE_START_TIME - 2] ?? 'unknown';
  } catch {
    const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return stdout?.trim() || 'unknown';
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Who holds the lock; undefined where that process is gone or the file is spoilt. */
function livingHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder;
    return startOf(holder.pid) === holder.startedAt ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** True when the file was not there and is now, with all of its text. */
function place(file: string, text: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Takes a dead holder's file away, and puts it back if it is a new holder's by now. */
function removeStale(file: string, staleText: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    // Somebody else has just removed it.
    return;
  }
  const text = readText(aside);
  if (text !== undefined && text !== staleText) place(file, text);
  rmSync(aside, { force: true });
}

/**
 * Takes a lock that ends with its process, however that goes: one left behind by a kill is taken
 * over.
 * @throws the file system's error when the file cannot be written
 */
export function tryLock(file: string): LockAttempt {
  const own: Holder = { pid: process.pid, startedAt: startOf(process.pid) };
  while (!place(file, JSON.stringify(own))) {
    const text = readText(file);
    if (text === undefined) continue;
    const holder = livingHolder(text);
    if (holder !== undefined) return { kind: 'held', pid: holder.pid };
    removeStale(file, text);
  }
  return { kind: 'taken', release: () => rmSync(file, { force: true }) };
}
