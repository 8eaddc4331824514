import { Duration } from 'aws-cdk-lib';
import type { FunctionName } from '../core/contract/functions';
import { SWEEP_ACCOUNT_TIMEOUT } from './constructs/sweeper';

export interface FunctionLimits {
  readonly timeout: Duration;
  /** Default 512. */
  readonly memoryMb?: number;
  /**
   * Callers wait for it before they may go on: it gets an alarm on throttling and, where the stage
   * sets one, its own share of the account's concurrency.
   */
  readonly isHot?: true;
}

/**
 * A guard that answers late is as bad as one that is down, so calls end after 10 seconds: enough for
 * two tries of a ledger write that are not answered, less than API Gateway's 30 seconds.
 */
const CALL = Duration.seconds(10);

export const FUNCTION_LIMITS: Readonly<Record<FunctionName, FunctionLimits>> = {
  'create-run': { timeout: CALL, isHot: true },
  'check-step': { timeout: CALL, isHot: true },
  'record-usage': { timeout: CALL, isHot: true },
  'complete-run': { timeout: CALL },
  'read-run': { timeout: CALL },
  'read-policy': { timeout: CALL },
  'write-policy': { timeout: CALL },
  'read-budget': { timeout: CALL },
  'list-usage': { timeout: CALL },
  'list-alerts': { timeout: CALL },
  'acknowledge-alert': { timeout: CALL },
  healthz: { timeout: Duration.seconds(5), memoryMb: 256 },
  openapi: { timeout: Duration.seconds(5), memoryMb: 256 },
  'not-found': { timeout: Duration.seconds(5), memoryMb: 256 },
  // These two must end before their next start at the fastest rate, one a minute.
  'sweep-plan': { timeout: Duration.seconds(55) },
  'send-alerts': { timeout: Duration.seconds(55) },
  'sweep-account': { timeout: SWEEP_ACCOUNT_TIMEOUT },
  // Cognito itself waits no longer.
  'token-claims': { timeout: Duration.seconds(5), memoryMb: 256 },
};
