import type { Scope } from '../core/contract/functions';

/** What each scope allows, as Cognito shows it. A scope missing here is a compile error. */
export const SCOPE_DESCRIPTIONS: Readonly<Record<Scope, string>> = {
  'maestro/run': 'Check runs and steps, book usage, complete runs',
  'maestro/read': 'Read budgets, runs, alerts, exports, overrides and the audit trail',
  'maestro/policy': 'Change policies',
  'maestro/export': 'Make exports',
  'maestro/override': 'Request overrides',
  'maestro/approve': 'Approve, deny and revoke overrides',
};

export const SCOPE_NAMES: readonly string[] = Object.keys(SCOPE_DESCRIPTIONS);
