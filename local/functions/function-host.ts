import { randomUUID } from 'node:crypto';
import type { FunctionDefinition } from '../assembly/functions';
import { FunctionInstance, type InstanceSettings } from './function-instance';
import type { Outcome } from './outcome';

export interface HostSettings extends InstanceSettings {
  /** Invocations of one function that run at once; further ones wait in a row. */
  readonly concurrency: number;
}

/** One function: keeps an instance of it, and a bound on what runs in it at once. */
export class FunctionHost {
  private instance: FunctionInstance | undefined;
  private running = 0;
  private readonly row: (() => void)[] = [];

  constructor(
    readonly definition: FunctionDefinition,
    private readonly settings: HostSettings,
  ) {}

  /** Loads the bundle ahead of the first call. */
  async warm(): Promise<void> {
    await this.currentInstance().loaded;
  }

  /** Resolves with how it went; never rejects. */
  async invoke(event: unknown, requestId: string = randomUUID()): Promise<Outcome> {
    await this.enter();
    try {
      const instance = this.currentInstance();
      // A cold start is not counted against the function's time, as in the cloud.
      await instance.loaded;
      const outcome = await instance.invoke(requestId, event);
      this.note(outcome, requestId);
      return outcome;
    } finally {
      this.leave();
    }
  }

  async stop(): Promise<void> {
    await this.instance?.terminate();
  }

  private currentInstance(): FunctionInstance {
    if (this.instance === undefined || this.instance.isOver) {
      this.instance = new FunctionInstance(this.definition, this.settings);
    }
    return this.instance;
  }

  private async enter(): Promise<void> {
    if (this.running < this.settings.concurrency) {
      this.running += 1;
      return;
    }
    await new Promise<void>((resolve) => this.row.push(resolve));
  }

  /** The place goes to the next in the row without being given back, so nobody can slip in. */
  private leave(): void {
    const next = this.row.shift();
    if (next === undefined) this.running -= 1;
    else next();
  }

  private note(outcome: Outcome, requestId: string): void {
    const { name } = this.definition;
    const say = (text: string) => this.settings.onTrouble(`${name} ${requestId}: ${text}`);
    if (outcome.kind === 'fault') say(outcome.fault.stack ?? outcome.fault.message);
    if (outcome.kind === 'timeout') say(`timed out after ${outcome.timeoutMs} ms`);
    if (outcome.kind === 'crash') say(`crashed: ${outcome.message}`);
  }
}
