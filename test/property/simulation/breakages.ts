import { LEDGER_RULES, type LedgerRules } from '../../../core/ledger/rules';
import { changeLimit } from '../../../core/ledger/writes/month';
import type { Condition, LedgerWrite } from '../../../core/ledger/write';

const ANYTHING: Condition = { all: [] };

function without(write: LedgerWrite, ...kinds: readonly string[]): LedgerWrite {
  const { condition } = write;
  if (!('all' in condition)) return { ...write, condition: ANYTHING };
  const kept = condition.all.filter((part) => !('is' in part) || !kinds.includes(part.is));
  return { ...write, condition: { all: kept } };
}

export interface Breakage {
  readonly rules: LedgerRules;
  /** The sweeper and completion give a running step's money back at once. */
  readonly impatient?: true;
}

/** What broke on the way to the protocol, one rule each; see docs/ledger.md. */
export const BREAKAGES: Readonly<Record<string, Breakage>> = {
  'a hold is retried with the same id': {
    rules: {
      ...LEDGER_RULES,
      hold: (terms) => ({ ...LEDGER_RULES.hold(terms), delivery: 'repeatable' }),
    },
  },
  'a limit is raised by a difference': {
    rules: {
      ...LEDGER_RULES,
      raise: (terms) => {
        const more = terms.to - terms.from;
        return {
          ...without(LEDGER_RULES.raise(terms), 'limit-equals'),
          effect: {
            kind: 'update',
            changes: [
              { add: 'limit', by: more },
              { add: 'available', by: more },
            ],
          },
        };
      },
    },
  },
  'a hold is released without a fence': {
    rules: {
      ...LEDGER_RULES,
      fence: (terms) => ({ ...LEDGER_RULES.fence(terms), effect: { kind: 'update', changes: [] } }),
    },
  },
  'a fence does not name the hold it kills': {
    rules: {
      ...LEDGER_RULES,
      fence: (terms) => ({
        ...LEDGER_RULES.fence(terms),
        effect: { kind: 'update', changes: [{ kill: 'somebody' }] },
      }),
    },
  },
  'a duplicate open is denied while its twin holds the money': {
    rules: { ...LEDGER_RULES, holdsFor: () => [] },
  },
  'a limit change is applied whatever the version': {
    rules: {
      ...LEDGER_RULES,
      changeLimit: (ref, from, to) => without(changeLimit(ref, from, to), 'version-equals'),
    },
  },
  "usage is settled with the caller's amount": {
    rules: { ...LEDGER_RULES, amountToSettle: (_booked, claimed) => claimed },
  },
  'a hold is released while its step still runs': { rules: LEDGER_RULES, impatient: true },
  'a closed run is raised': {
    rules: { ...LEDGER_RULES, raise: (terms) => without(LEDGER_RULES.raise(terms), 'open') },
  },
  'a sweeper does not ask which hold paid': {
    rules: { ...LEDGER_RULES, isPaidBy: () => true },
  },
};
