import type { FunctionDefinition } from '../assembly/functions';
import type { Place } from '../assembly/resolver';

export interface Endpoints {
  readonly dynamodb: string;
  readonly sqs: string;
  readonly eventBridge: string;
}

/**
 * What a function finds in its environment: what the template gives it and what Lambda itself
 * sets. Nothing of the host's environment gets in: neither real credentials nor a profile.
 */
export function environmentOf(
  definition: FunctionDefinition,
  place: Place,
  endpoints: Endpoints,
): Record<string, string> {
  return {
    AWS_REGION: place.region,
    AWS_DEFAULT_REGION: place.region,
    // Tells the engine and the queues who is calling, so that they can look at its role.
    AWS_ACCESS_KEY_ID: definition.name,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${definition.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.eventBridge,
    // Node 20 is fine here; the SDK's notice about it would stand in every function's log.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    TZ: ':UTC',
    NODE_ENV: 'production',
    ...definition.environment,
  };
}
