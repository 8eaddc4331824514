import type { Account } from '../../../core/ledger/account';
import type { AccountRef } from '../../../core/ledger/account-ref';
import { ReplyLostError } from '../../../core/ledger/faults';
import type { LedgerStore, WriteResult } from '../../../core/ledger/store';
import type { LedgerWrite } from '../../../core/ledger/write';
import type { MemoryLedger } from '../../support/memory-ledger';
import type { Random } from '../../support/random';

interface Request {
  readonly actor: number;
  readonly write?: LedgerWrite;
  deliver(): void;
  lose?(): void;
}

/** How often, in percent, each thing goes wrong with a request. */
export interface Weather {
  readonly lostBefore: number;
  readonly lostAfter: number;
  readonly delayed: number;
  readonly duplicated: number;
}

export const FAIR_WEATHER: Weather = { lostBefore: 0, lostAfter: 0, delayed: 0, duplicated: 0 };

/**
 * Stands between the ledger's code and the accounts: every request waits until the scheduler picks
 * it, so any two writes of any two actors may happen in any order, and each may be lost before or
 * after it took effect, arrive twice, or arrive much later.
 */
export class Network {
  private waiting: Request[] = [];
  private late: LedgerWrite[] = [];
  private readonly dead = new Set<number>();
  delivered = 0;
  lateDelivered = 0;

  constructor(
    private readonly ledger: MemoryLedger,
    private readonly random: Random,
    private readonly onWrite: (write: LedgerWrite, before: Account | undefined) => void,
  ) {}

  get isQuiet(): boolean {
    return this.waiting.length === 0;
  }

  get hasLate(): boolean {
    return this.late.length > 0;
  }

  /** The store as one actor sees it. */
  storeFor(actor: number): LedgerStore {
    return {
      apply: (write) =>
        new Promise<WriteResult>((resolve, reject) => {
          this.enqueue({
            actor,
            write,
            deliver: () => resolve(this.happen(write)),
            lose: () => reject(new ReplyLostError(write.name)),
          });
        }),
      read: (ref: AccountRef) =>
        new Promise<Account | undefined>((resolve) => {
          this.enqueue({ actor, deliver: () => resolve(this.ledger.readNow(ref)) });
        }),
    };
  }

  /** The actor stops for good, with whatever it has under way left unanswered. */
  crash(actor: number): void {
    this.dead.add(actor);
    this.waiting = this.waiting.filter((request) => {
      if (request.actor !== actor) return true;
      // What was sent may still arrive, now or at any time.
      if (request.write !== undefined && this.random.chance(50)) this.late.push(request.write);
      return false;
    });
  }

  /** Deliver one request, or do to it what the weather does. */
  step(weather: Weather): void {
    const index = this.random.below(this.waiting.length);
    const [request] = this.waiting.splice(index, 1);
    if (request === undefined) return;
    this.delivered += 1;
    const { write } = request;
    if (write === undefined) return request.deliver();
    const fate = this.random.below(100);
    let bound = weather.lostBefore;
    if (fate < bound) return this.replyLost(request);
    bound += weather.lostAfter;
    if (fate < bound) {
      this.happen(write);
      return this.replyLost(request);
    }
    bound += weather.delayed;
    if (fate < bound) {
      this.late.push(write);
      return this.replyLost(request);
    }
    bound += weather.duplicated;
    if (fate < bound && write.delivery === 'repeatable') this.late.push(write);
    request.deliver();
  }

  /** One of the writes that got stuck somewhere arrives. */
  deliverLate(): void {
    const [write] = this.late.splice(this.random.below(this.late.length), 1);
    if (write === undefined) return;
    this.lateDelivered += 1;
    this.happen(write);
  }

  private enqueue(request: Request): void {
    if (!this.dead.has(request.actor)) this.waiting.push(request);
  }

  /** A store sends a repeatable write again until it is answered; one sent once it reports lost. */
  private replyLost(request: Request): void {
    if (request.write?.delivery === 'once') request.lose?.();
    else this.waiting.push(request);
  }

  private happen(write: LedgerWrite): WriteResult {
    const before = this.ledger.readNow(write.ref);
    const result = this.ledger.applyNow(write);
    if (result.applied) this.onWrite(write, before);
    return result;
  }
}
