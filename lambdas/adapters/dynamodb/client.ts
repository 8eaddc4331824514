import { DynamoDBClient, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, type TranslateConfig } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';

const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 4_000;
const MAX_ATTEMPTS = 3;

/** Numbers come back as bigint: money in nano-USD is larger than a float can count. */
const wrapNumbers = (text: string): bigint => BigInt(text);

const TRANSLATION: TranslateConfig = {
  marshallOptions: { removeUndefinedValues: true },
  unmarshallOptions: { wrapNumbers },
};

/**
 * An item as a fault carries it, in the form that the document client gives items. With options of
 * its own: the document client changes those that it was given.
 */
export function translated(item: Record<string, AttributeValue>): Record<string, unknown> {
  return unmarshall(item, { wrapNumbers });
}

export interface DynamoClients {
  /** For writes whose condition makes a second one harmless, and for reads. */
  readonly retrying: DynamoDBDocumentClient;
  /** For writes that may be sent once and never again. */
  readonly once: DynamoDBDocumentClient;
}

/** Two clients on one pool of connections; endpoint, region and credentials come from the SDK. */
export function createDynamoClients(): DynamoClients {
  const retrying = new DynamoDBClient({
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // Without this the SDK only warns and goes on waiting.
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: 256, keepAlive: true },
      httpsAgent: { maxSockets: 256, keepAlive: true },
    },
  });
  const once = new DynamoDBClient({
    maxAttempts: 1,
    requestHandler: retrying.config.requestHandler,
  });
  return {
    retrying: DynamoDBDocumentClient.from(retrying, TRANSLATION),
    once: DynamoDBDocumentClient.from(once, TRANSLATION),
  };
}
