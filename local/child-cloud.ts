import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { StartFault } from './start-fault';

/** A local cloud in a process of its own. */
export interface ChildCloud {
  readonly url: string;
  readonly pid: number;
  /** What it has written to stderr so far. */
  readonly messages: () => string;
  /** Sends a signal and waits for the end. @returns the exit code, null after a kill */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const ROOT = join(__dirname, '..');

/**
 * Starts `bin/start.ts` and waits until it is ready. It ends with this process, however that goes.
 * @param environment its settings, over those of this process
 * @throws StartFault with what it wrote when it ends before it is ready
 */
export function startChildCloud(
  environment: Readonly<Record<string, string>>,
): Promise<ChildCloud> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'bin/start.ts')], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Apart from the terminal's process group: a Ctrl-C is this process's to handle.
    detached: true,
  });
  let written = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (written += text));
  const gone = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
  });
  return new Promise((resolve, reject) => {
    void gone.then(() => reject(new StartFault(written.trim())));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const url = /^ready (http:\S+)$/.exec(line)?.[1];
      if (url === undefined) return;
      resolve({
        url,
        pid: child.pid!,
        messages: () => written,
        stop(signal = 'SIGTERM') {
          child.kill(signal);
          return gone;
        },
      });
    });
  });
}
