/** The package: everything that another service needs to put its handlers under a budget. */
export { budgetGuard } from './lambdas/budget-guard/budget-guard';
export {
  clientCredentials,
  type ClientCredentialsOptions,
} from './lambdas/budget-guard/client-credentials';
export {
  maestroClient,
  type MaestroClientOptions,
  type TokenSource,
} from './lambdas/budget-guard/maestro-client';
export {
  BudgetDeniedError,
  MaestroRequestError,
  MaestroUnavailableError,
  type ProblemResponse,
} from './lambdas/budget-guard/maestro-errors';
export { type UsageReport, UsageReportError } from './lambdas/budget-guard/usage-tally';
export type { Runtime } from './lambdas/budget-guard/runtime';
export type {
  BudgetedContext,
  BudgetGuardOptions,
  ChargePolicy,
  Ending,
  FromInvocation,
  GuardLogger,
  InvocationBudget,
  RunPlan,
  SettleFailure,
  StepPlan,
} from './lambdas/budget-guard/options';
export type {
  Answer,
  BudgetClient,
  BudgetFigures,
  BudgetWarning,
  CallOptions,
  CheckStepRequest,
  CompletedRun,
  CompleteRunRequest,
  CreateRunRequest,
  ModelCallEstimate,
  Problem,
  RecordedUsage,
  RecordUsageRequest,
  Refusal,
  RunAdmission,
  StepAdmission,
  Tags,
  TokenCounts,
  UsdAmount,
} from './lambdas/budget-guard/budget-client';
