import { monthStartMs, resetsAt } from '../guard/calendar';
import type { Month } from '../ledger/account-ref';
import type { MonthSpan } from './spend-points';

export function monthSpan(month: Month): MonthSpan {
  return { startMs: monthStartMs(month), endMs: Date.parse(resetsAt(month)) };
}
