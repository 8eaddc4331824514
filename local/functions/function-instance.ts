import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { FunctionDefinition } from '../assembly/functions';
import type { InvokeMessage, ThreadMessage, ThreadSettings } from './messages';
import type { Outcome } from './outcome';

export interface InstanceSettings {
  readonly threadFile: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly clockOffsetMs: number;
  /** Gets every line that the function writes. */
  readonly onOutput: (line: string) => void;
  /** Gets what went wrong outside the function's own handling. */
  readonly onTrouble: (text: string) => void;
}

interface Waiting {
  readonly settle: (outcome: Outcome) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One thread with a function's bundle loaded. Invocations overlap in it. It is over when the
 * thread dies or one of its invocations runs out of time; its other invocations still end.
 */
export class FunctionInstance {
  private readonly thread: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private over = false;
  /** Resolves when the bundle is loaded, and also when it cannot be. */
  readonly loaded: Promise<void>;

  constructor(
    private readonly definition: FunctionDefinition,
    settings: InstanceSettings,
  ) {
    const threadSettings: ThreadSettings = {
      file: definition.file,
      exportName: definition.exportName,
      functionName: definition.name,
      functionArn: definition.arn,
      memoryMb: definition.memoryMb,
      clockOffsetMs: settings.clockOffsetMs,
    };
    this.thread = new Worker(settings.threadFile, {
      workerData: threadSettings,
      env: settings.environment,
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    for (const stream of [this.thread.stdout, this.thread.stderr]) {
      createInterface({ input: stream }).on('line', settings.onOutput);
    }
    this.loaded = new Promise((resolve) => {
      this.thread.on('message', (message: ThreadMessage) => {
        if (message.kind === 'loaded') resolve();
        else this.settle(message.id, message);
      });
      this.thread.on('error', (error: Error) => {
        settings.onTrouble(`${definition.name}: ${error.stack ?? error.message}`);
        this.end(error.message);
        resolve();
      });
      this.thread.on('exit', () => {
        this.end('the thread ended');
        resolve();
      });
    });
  }

  get isOver(): boolean {
    return this.over;
  }

  /** Resolves with how it went; never rejects. */
  invoke(requestId: string, event: unknown): Promise<Outcome> {
    if (this.over) return Promise.resolve({ kind: 'crash', message: 'the thread is gone' });
    const { timeoutMs } = this.definition;
    this.lastId += 1;
    const id = this.lastId;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.expire(id), timeoutMs);
      this.waiting.set(id, { settle: resolve, timer });
      this.thread.postMessage({ id, requestId, event, timeoutMs } satisfies InvokeMessage);
    });
  }

  async terminate(): Promise<void> {
    this.over = true;
    await this.thread.terminate();
  }

  private settle(id: number, outcome: Outcome): void {
    const waiting = this.waiting.get(id);
    if (waiting === undefined) return;
    this.waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.settle(outcome);
    if (this.over && this.waiting.size === 0) void this.thread.terminate();
  }

  /** The cloud would end the whole instance here; the others in it are let through first. */
  private expire(id: number): void {
    this.over = true;
    this.settle(id, { kind: 'timeout', timeoutMs: this.definition.timeoutMs });
  }

  private end(message: string): void {
    this.over = true;
    for (const id of this.waiting.keys()) this.settle(id, { kind: 'crash', message });
  }
}
