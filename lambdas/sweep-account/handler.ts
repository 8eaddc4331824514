import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as v from 'valibot';
import type { GuardPorts } from '../../core/guard/ports';
import { sweepAccount } from '../../core/sweep/sweep-account';
import type { Logger } from '../observability/logger';

export interface SweepAccountDeps {
  readonly ports: Pick<GuardPorts, 'ledger' | 'policies' | 'directory' | 'history' | 'alerts'>;
  readonly logger: Logger;
}

const sweepMessage = v.strictObject({
  tenant: v.string(),
  month: v.pipe(v.string(), v.regex(/^\d{4}-\d\d$/)),
});

/** From the queue: put months in order, one after the other; those that fail come again. */
export function createSweepAccountHandler(
  deps: SweepAccountDeps,
): (event: SQSEvent) => Promise<SQSBatchResponse> {
  return async (event) => {
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const record of event.Records) {
      if (!(await sweepOne(deps, record))) {
        batchItemFailures.push({ itemIdentifier: record.messageId });
      }
    }
    return { batchItemFailures };
  };
}

async function sweepOne({ ports, logger }: SweepAccountDeps, record: SQSRecord): Promise<boolean> {
  try {
    const message = v.parse(sweepMessage, JSON.parse(record.body));
    const report = await sweepAccount(ports, message);
    if (report.resolved > 0) logger.info('month swept', { ...message, ...report });
    return true;
  } catch (fault) {
    logger.error('a month could not be swept', { messageId: record.messageId, error: fault });
    return false;
  }
}
