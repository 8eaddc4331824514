import type { Account } from './account';
import type { AccountRef } from './account-ref';
import type { LedgerWrite } from './write';

/** `account` is the item after the write, or, when refused, the item that refused it, if any. */
export type WriteResult =
  | { readonly applied: true; readonly account: Account }
  | { readonly applied: false; readonly account: Account | undefined };

/** What keeps the accounts. Every write is atomic on its one item; reads are consistent. */
export interface LedgerStore {
  /**
   * @throws ReplyLostError for a write sent `once` of which nobody knows whether it happened
   * @throws LedgerUnavailableError when the store cannot be reached
   */
  apply(write: LedgerWrite): Promise<WriteResult>;
  /** @throws LedgerUnavailableError when the store cannot be reached */
  read(ref: AccountRef): Promise<Account | undefined>;
}
