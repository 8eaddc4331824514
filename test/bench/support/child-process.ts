import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Child<T> {
  /** What the child said when it was ready. */
  readonly said: T;
  /** Ends the child and resolves when it is gone; safe to call twice. */
  stop(): Promise<void>;
}

export interface ChildTerms<T> {
  /** For messages. */
  readonly name: string;
  /** Arguments for `node`. */
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Looks at each line of standard output until it gives something else than undefined. */
  readonly readyOn: (line: string) => T | undefined;
  readonly patienceMs: number;
}

const STOP_PATIENCE_MS = 20_000;

/** A child that is still there when this process ends would hold its port for ever. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts `node` with these arguments and waits until it is ready.
 * @throws Error with the child's last words when it ends or says nothing in time
 */
export async function startChild<T>(terms: ChildTerms<T>): Promise<Child<T>> {
  const child = spawn(process.execPath, terms.args, {
    env: { ...process.env, ...terms.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const words: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    words.push(line);
    if (words.length > 20) words.shift();
  });
  const stop = () => end(child);
  try {
    return { said: await ready(child, terms, words), stop };
  } catch (fault) {
    await stop();
    throw fault;
  }
}

function ready<T>(
  child: ChildProcess,
  { name, readyOn, patienceMs }: ChildTerms<T>,
  words: readonly string[],
): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (what: string) => reject(new Error([`${name} ${what}`, ...words].join('\n  ')));
    const timer = setTimeout(() => fail('was not ready in time'), patienceMs);
    child.once('error', (fault) => fail(`did not start: ${fault.message}`));
    child.once('exit', (code) => fail(`ended with ${code}`));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const said = readyOn(line);
      if (said === undefined) return;
      clearTimeout(timer);
      resolve(said);
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
  await gone;
  clearTimeout(impatience);
}
