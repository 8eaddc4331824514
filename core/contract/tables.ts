/**
 * Key and index names of the two tables, shared by the stack that makes them and the adapters
 * that use them. What stands under which key is told in `docs/data-model.md`.
 */
export const LEDGER_KEYS = {
  partition: 'pk',
  sort: 'sk',
  /**
   * Local secondary index over a partition of usage records, in the order date, run, step. Local,
   * because only a local index can be read consistently, and an export has to tie out.
   */
  byDate: { index: 'byDate', sort: 'dateKey' },
  /** Sparse global index from a run's id to its tenant, for callers that act for all tenants. */
  runById: { index: 'runById', partition: 'lookupRunId', sort: 'tenant' },
} as const;

export const CONTROL_KEYS = {
  partition: 'pk',
  sort: 'sk',
  /** Global index over the alerts of a tenant, in the order in which they first occurred. */
  alertsByTenant: { index: 'alertsByTenant', partition: 'alertTenant', sort: 'alertSort' },
  /** Sparse global index of the alerts that were stored and are not known to be sent. */
  unsentAlerts: { index: 'unsentAlerts', partition: 'unsent', sort: 'alertSort' },
} as const;
