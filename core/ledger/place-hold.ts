import type { NanoUsd } from '../money/nano-usd';
import { canAfford, type Account } from './account';
import { childNameIn, type ParentRef, type RunRef, type UsageRef } from './account-ref';
import { LedgerUnavailableError, ReplyLostError } from './faults';
import { newHoldId, type HoldId } from './hold-id';
import { MAX_ATTEMPTS, MAX_HOLD_SENDS, type LedgerPorts } from './ports';
import type { WriteResult } from './store';
import type { LedgerWrite } from './write';

export interface HoldRequest {
  readonly parent: ParentRef;
  readonly child: RunRef | UsageRef;
  readonly amount: NanoUsd;
  readonly note?: string;
  /** For money that is spent already: held whether it fits or not. */
  readonly forced?: boolean;
}

export type Placed =
  | { readonly kind: 'held'; readonly hold: HoldId; readonly account: Account }
  | { readonly kind: 'short'; readonly account: Account }
  | { readonly kind: 'not-open'; readonly account: Account | undefined };

/**
 * Hold money in an account. Each id is sent once; when a reply is lost the account is read, and
 * where the hold is not to be seen another id is tried: the lost one, should it still arrive, is
 * nobody's, and the sweeper gives it back.
 * @throws LedgerUnavailableError
 */
export async function placeHold(ledger: LedgerPorts, request: HoldRequest): Promise<Placed> {
  const child = childNameIn(request.parent, request.child);
  let lostReplies = 0;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const hold = newHoldId(child, ledger.nowMs(), ledger.randomSuffix());
    const result = await sendOnce(ledger, holdWrite(ledger, request, hold), hold);
    if (result === 'lost') {
      lostReplies += 1;
      if (lostReplies >= MAX_HOLD_SENDS) break;
      continue;
    }
    if (result.applied) return { kind: 'held', hold, account: result.account };
    const { account } = result;
    if (account?.state !== 'OPEN') return { kind: 'not-open', account };
    // A store that reads after a refusal may see money that came back since: then ask again.
    if (!canAfford(account, request.amount)) return { kind: 'short', account };
  }
  throw new LedgerUnavailableError(`no answer to a hold for ${child}`);
}

function holdWrite(ledger: LedgerPorts, request: HoldRequest, hold: HoldId): LedgerWrite {
  const { parent: ref, amount, note, forced } = request;
  const terms = { ref, hold, amount, ...(note === undefined ? {} : { note }) };
  return forced === true ? ledger.rules.forcedHold(terms) : ledger.rules.hold(terms);
}

async function sendOnce(
  ledger: LedgerPorts,
  write: LedgerWrite,
  hold: HoldId,
): Promise<WriteResult | 'lost'> {
  try {
    return await ledger.store.apply(write);
  } catch (fault) {
    if (!(fault instanceof ReplyLostError)) throw fault;
    const account = await ledger.store.read(write.ref);
    if (account?.holds[hold] === undefined) return 'lost';
    return { applied: true, account };
  }
}
