/** Nobody knows whether the write happened: it may have, it may not, it may still. */
export class ReplyLostError extends Error {
  override readonly name = 'ReplyLostError';
}

/** The ledger cannot be reached, or will not come to rest: whoever asked must be refused. */
export class LedgerUnavailableError extends Error {
  override readonly name = 'LedgerUnavailableError';
}
