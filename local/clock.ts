/** The cloud's clock: the machine's, moved by a fixed amount. */
export class CloudClock {
  constructor(readonly offsetMs: number) {}

  /** A clock that shows `start` (milliseconds since 1970) now; undefined: the machine's time. */
  static startingAt(start: number | undefined): CloudClock {
    return new CloudClock(start === undefined ? 0 : start - Date.now());
  }

  /** Milliseconds since 1970. */
  nowMs(): number {
    return Date.now() + this.offsetMs;
  }
}
