import { LedgerUnavailableError } from '../../../core/ledger/faults';

/**
 * The engine looked at the request and would not have it. Too many holds in one item is the one
 * such answer that no fault of ours explains: it means that the account is full.
 */
export function isRefusedAsMalformed(fault: unknown): boolean {
  return (
    fault instanceof Error &&
    fault.name === 'ValidationException' &&
    !fault.message.includes('Item size')
  );
}

/** What a fault of the engine means to the ledger: it cannot be reached, or we asked for nonsense. */
export function ledgerFault(fault: unknown): Error {
  if (isRefusedAsMalformed(fault)) return fault as Error;
  const reason = fault instanceof Error ? fault.name : 'unknown';
  return new LedgerUnavailableError(`the ledger's table did not answer (${reason})`, {
    cause: fault,
  });
}
