import { StartFault } from '../start-fault';
import type { FunctionDefinition } from './functions';
import { resourcesOf } from './resources';
import type { Resolver } from './resolver';
import type { JsonObject, Stack } from './template';

export interface RouteDefinition {
  /** As API Gateway writes it: `POST /runs/{runId}`, or `$default`. */
  readonly key: string;
  readonly functionName: string;
  /** The JWT authorizer stands before it. */
  readonly isGuarded: boolean;
  /** The authorizer lets a token pass that has any one of these; empty: any valid token. */
  readonly scopes: readonly string[];
}

function functionBehind(
  resolver: Resolver,
  stack: Stack,
  target: string,
  functions: readonly FunctionDefinition[],
): FunctionDefinition | undefined {
  const integrationId = target.split('/')[1] ?? '';
  const integration = stack.resources[integrationId];
  if (integration?.Type !== 'AWS::ApiGatewayV2::Integration') return undefined;
  const uri = resolver.text(integration.Properties?.['IntegrationUri'], stack);
  return functions.find(({ arn }) => uri === arn || uri.includes(`${arn}/invocations`));
}

/**
 * The HTTP API's routes.
 * @throws StartFault when a route leads to something that is not one of the functions.
 */
export function readRoutes(
  resolver: Resolver,
  functions: readonly FunctionDefinition[],
): RouteDefinition[] {
  return resourcesOf(resolver, 'AWS::ApiGatewayV2::Route').map(({ stack, logicalId, resource }) => {
    const properties = resource.Properties ?? {};
    const target = resolver.text(properties['Target'], stack);
    const found = functionBehind(resolver, stack, target, functions);
    if (found === undefined) {
      throw new StartFault(`Route ${logicalId} of stack ${stack.id} leads to no known function.`);
    }
    return {
      key: resolver.text(properties['RouteKey'], stack),
      functionName: found.name,
      isGuarded: properties['AuthorizationType'] === 'JWT',
      scopes: (properties['AuthorizationScopes'] ?? []) as string[],
    };
  });
}

/** The scopes of the app's resource servers, as tokens spell them: `identifier/scope`. */
export function readScopes(resolver: Resolver): string[] {
  return resourcesOf(resolver, 'AWS::Cognito::UserPoolResourceServer').flatMap(
    ({ stack, resource }) => {
      const identifier = resolver.text(resource.Properties?.['Identifier'], stack);
      const scopes = (resource.Properties?.['Scopes'] ?? []) as JsonObject[];
      return scopes.map((scope) => `${identifier}/${resolver.text(scope['ScopeName'], stack)}`);
    },
  );
}
