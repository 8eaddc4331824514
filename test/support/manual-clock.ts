/** A clock that stands still until a test moves it. */
export class ManualClock {
  private ms: number;

  /** @param start RFC 3339 */
  constructor(start: string) {
    this.ms = Date.parse(start);
  }

  readonly nowMs = (): number => this.ms;

  /** @param instant RFC 3339 */
  moveTo(instant: string): void {
    this.ms = Date.parse(instant);
  }

  advanceMinutes(minutes: number): void {
    this.ms += minutes * 60_000;
  }
}
