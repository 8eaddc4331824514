import { createHash, randomUUID } from 'node:crypto';
import type { CloudClock } from '../clock';
import type { QueueDefinition } from '../assembly/queues';

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly bodyMd5: string;
  readonly sentAtMs: number;
  receiveCount: number;
}

/** A message that is off the queue for good. */
export type Departure =
  | { readonly kind: 'handled'; readonly message: Message }
  | { readonly kind: 'dead'; readonly message: Message; readonly reason: string };

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

/**
 * A queue in memory. A failed message comes back after a short pause instead of the queue's
 * visibility timeout, so that nobody has to wait minutes for what the cloud would do; after
 * `maxReceiveCount` receives it is given up, as in the cloud.
 */
export class LocalQueue {
  private readonly visible: Message[] = [];
  /** In the hands of a function, or waiting for another try. */
  private readonly away = new Set<Message>();
  private readonly idleListeners: (() => void)[] = [];
  private readonly departureListeners = new Set<(departure: Departure) => void>();
  private arrivalListener: () => void = () => {};

  constructor(
    readonly definition: QueueDefinition,
    private readonly clock: CloudClock,
  ) {}

  send(body: string): Message {
    const message: Message = {
      id: randomUUID(),
      body,
      bodyMd5: createHash('md5').update(body).digest('hex'),
      sentAtMs: this.clock.nowMs(),
      receiveCount: 0,
    };
    this.visible.push(message);
    this.arrivalListener();
    return message;
  }

  /** Takes at most `count` messages; each must be given to `handled` or `failed` later. */
  receive(count: number): Message[] {
    const taken = this.visible.splice(0, count);
    for (const message of taken) {
      message.receiveCount += 1;
      this.away.add(message);
    }
    return taken;
  }

  handled(message: Message): void {
    this.depart({ kind: 'handled', message });
  }

  failed(message: Message, reason: string): void {
    if (message.receiveCount >= this.definition.maxReceiveCount) {
      this.depart({ kind: 'dead', message, reason });
      return;
    }
    const pauseMs = Math.min(FIRST_RETRY_MS * 2 ** (message.receiveCount - 1), LONGEST_RETRY_MS);
    setTimeout(() => {
      this.away.delete(message);
      this.visible.push(message);
      this.arrivalListener();
    }, pauseMs).unref();
  }

  /** Resolves when nothing is waiting, in hand, or to be tried again. */
  whenIdle(): Promise<void> {
    if (this.isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.idleListeners.push(resolve));
  }

  onArrival(listener: () => void): void {
    this.arrivalListener = listener;
  }

  /** @returns what ends the listening */
  onDeparture(listener: (departure: Departure) => void): () => void {
    this.departureListeners.add(listener);
    return () => this.departureListeners.delete(listener);
  }

  private isIdle(): boolean {
    return this.visible.length === 0 && this.away.size === 0;
  }

  private depart(departure: Departure): void {
    this.away.delete(departure.message);
    for (const listener of this.departureListeners) listener(departure);
    if (this.isIdle()) for (const listener of this.idleListeners.splice(0)) listener();
  }
}
