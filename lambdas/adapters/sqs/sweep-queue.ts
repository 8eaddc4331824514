import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** SQS takes ten messages at a time. */
const BATCH = 10;

/** Sends JSON messages, all of them or none that is missing without a fault. */
export function createQueueSender<T extends object>(
  client: SQSClient,
  queueUrl: string,
): (messages: readonly T[]) => Promise<void> {
  return async (messages) => {
    for (let start = 0; start < messages.length; start += BATCH) {
      const entries = messages.slice(start, start + BATCH).map((message, index) => ({
        Id: String(index),
        MessageBody: JSON.stringify(message),
      }));
      const { Failed } = await client.send(
        new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }),
      );
      const [failed] = Failed ?? [];
      if (failed !== undefined) throw new Error(`the queue refused a message: ${failed.Message}`);
    }
  };
}
