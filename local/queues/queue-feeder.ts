import type { QueueMapping } from '../assembly/queues';
import type { FunctionHost } from '../functions/function-host';
import type { LocalQueue, Message } from './local-queue';

interface BatchResponse {
  readonly batchItemFailures?: readonly { readonly itemIdentifier?: string }[];
}

/** The event that Lambda makes of a batch. */
function eventOf(batch: readonly Message[], queueArn: string, region: string): object {
  return {
    Records: batch.map(({ id, body, bodyMd5, sentAtMs, receiveCount }) => ({
      messageId: id,
      receiptHandle: id,
      body,
      attributes: {
        ApproximateReceiveCount: String(receiveCount),
        SentTimestamp: String(sentAtMs),
        SenderId: 'local',
        ApproximateFirstReceiveTimestamp: String(sentAtMs),
      },
      messageAttributes: {},
      md5OfBody: bodyMd5,
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: region,
    })),
  };
}

/** Feeds a function from a queue as its event source mapping says. */
export class QueueFeeder {
  private running = 0;

  constructor(
    private readonly queue: LocalQueue,
    private readonly mapping: QueueMapping,
    private readonly host: FunctionHost,
    private readonly region: string,
  ) {
    // A turn later, so that messages sent together make one batch.
    queue.onArrival(() => setImmediate(() => this.pump()));
  }

  private pump(): void {
    while (this.running < this.mapping.maximumConcurrency) {
      const batch = this.queue.receive(this.mapping.batchSize);
      if (batch.length === 0) return;
      this.running += 1;
      void this.feed(batch).finally(() => {
        this.running -= 1;
        this.pump();
      });
    }
  }

  private async feed(batch: readonly Message[]): Promise<void> {
    const outcome = await this.host.invoke(eventOf(batch, this.mapping.queueArn, this.region));
    if (outcome.kind !== 'result') {
      const reason = outcome.kind === 'fault' ? outcome.fault.message : outcome.kind;
      for (const message of batch) this.queue.failed(message, reason);
      return;
    }
    const failedIds = this.failedIds(batch, outcome.result as BatchResponse | null | undefined);
    for (const message of batch) {
      if (failedIds.has(message.id)) this.queue.failed(message, 'reported as failed');
      else this.queue.handled(message);
    }
  }

  /** An entry that names no message of the batch fails the whole of it, as in the cloud. */
  private failedIds(
    batch: readonly Message[],
    response: BatchResponse | null | undefined,
  ): Set<string> {
    if (!this.mapping.reportsItemFailures) return new Set();
    const ids = batch.map(({ id }) => id);
    const named = (response?.batchItemFailures ?? []).map((failure) => failure.itemIdentifier);
    const areAllKnown = named.every((id) => id !== undefined && ids.includes(id));
    return new Set(areAllKnown ? named.filter((id) => id !== undefined) : ids);
  }
}
