import type { HoldId } from '../ledger/hold-id';
import type { Account } from '../ledger/account';

/** What a step was checked with. Rides on its hold, so the names are short. */
export interface StepNote {
  readonly fingerprint: string;
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  /** The day whose token quota the step was counted in; undefined where none was. */
  readonly countedDay?: number | undefined;
}

interface StoredNote {
  readonly f: string;
  readonly m?: string;
  readonly p?: string;
  readonly i?: number;
  readonly o?: number;
  readonly d?: number;
}

export function writeNote(note: StepNote): string {
  const stored = {
    f: note.fingerprint,
    m: note.model,
    p: note.provider,
    i: note.inputTokens,
    o: note.outputTokens,
    d: note.countedDay,
  };
  return JSON.stringify(stored);
}

export function readNote(text: string | undefined): StepNote | undefined {
  if (text === undefined) return undefined;
  const stored = JSON.parse(text) as StoredNote;
  return {
    fingerprint: stored.f,
    model: stored.m,
    provider: stored.p,
    inputTokens: stored.i,
    outputTokens: stored.o,
    countedDay: stored.d,
  };
}

export function noteOf(run: Account, hold: HoldId): StepNote | undefined {
  return readNote(run.notes[hold]);
}

/** The tokens that a step was counted with. */
export function tokensOf({ inputTokens = 0, outputTokens = 0 }: StepNote): number {
  return inputTokens + outputTokens;
}
