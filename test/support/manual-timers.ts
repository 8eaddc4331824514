import type { Runtime } from '../../index';

interface Timer {
  readonly delayMs: number;
  readonly action: () => void;
}

/** The system's clock, with timers that go off when a test says so. */
export class ManualTimers implements Runtime {
  readonly armed: Timer[] = [];
  readonly now = Date.now;
  readonly random = Math.random;

  after(delayMs: number, action: () => void): () => void {
    const timer = { delayMs, action };
    this.armed.push(timer);
    return () => this.callOff(timer);
  }

  /** May be replaced to let a timer go off that was called off too late. */
  callOff = (timer: Timer): void => {
    const index = this.armed.indexOf(timer);
    if (index !== -1) this.armed.splice(index, 1);
  };

  /** Lets the one armed timer go off. */
  fire(): void {
    const timer = this.armed.shift();
    if (timer === undefined) throw new Error('no timer is armed');
    timer.action();
  }
}

/** A clock that stands still but for the delays asked for, which pass at once. */
export class VirtualTime implements Runtime {
  readonly delays: number[] = [];

  constructor(
    private clockMs = 0,
    readonly random: () => number = () => 0.5,
  ) {}

  readonly now = () => this.clockMs;

  advance(ms: number): void {
    this.clockMs += ms;
  }

  after(delayMs: number, action: () => void): () => void {
    let isCalledOff = false;
    this.delays.push(delayMs);
    queueMicrotask(() => {
      if (isCalledOff) return;
      this.advance(delayMs);
      action();
    });
    return () => {
      isCalledOff = true;
    };
  }
}
