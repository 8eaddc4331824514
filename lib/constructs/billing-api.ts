import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
  type IHttpRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import {
  BASE_PATH,
  FUNCTION_NAMES,
  routeOf,
  type FunctionName,
} from '../../core/contract/functions';
import type { StageSettings } from '../stage-settings';

export interface BillingApiProps {
  readonly settings: StageSettings;
  readonly issuer: string;
  readonly audience: readonly string[];
  /** The function behind a name; asked for every function with a route, and for `not-found`. */
  readonly functionOf: (name: FunctionName) => IFunction;
}

/**
 * The HTTP API: a route for each of the contract's, API Gateway's own JWT check before all of them
 * but the public ones. Scopes are checked by the functions, not by the gateway, because the gateway
 * cannot answer with a problem document.
 */
export class BillingApi extends Construct {
  readonly api: HttpApi;
  readonly stage: HttpStage;

  constructor(scope: Construct, id: string, props: BillingApiProps) {
    super(scope, id);
    const { settings } = props;
    this.api = new HttpApi(this, 'Api', {
      apiName: `maestro-billing-${settings.stage}`,
      description: 'Maestro Billing',
      createDefaultStage: false,
    });
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      detailedMetricsEnabled: true,
      throttle: { rateLimit: settings.throttleRate, burstLimit: settings.throttleBurst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLog(settings)),
        format: accessLogFormat(settings.tenantClaim),
      },
    });
    const jwt = new HttpJwtAuthorizer('Jwt', props.issuer, { jwtAudience: [...props.audience] });
    for (const name of FUNCTION_NAMES) {
      const route = routeOf(name);
      if (route === undefined) continue;
      this.route({
        id: name,
        key: HttpRouteKey.with(`${BASE_PATH}${route.path}`, HttpMethod[route.method]),
        target: props.functionOf(name),
        authorizer: route.isPublic ? undefined : jwt,
      });
    }
    this.route({
      id: 'not-found',
      key: HttpRouteKey.DEFAULT,
      target: props.functionOf('not-found'),
      authorizer: jwt,
    });
  }

  private route(props: {
    readonly id: string;
    readonly key: HttpRouteKey;
    readonly target: IFunction;
    readonly authorizer: IHttpRouteAuthorizer | undefined;
  }): void {
    const route = new HttpRoute(this, props.id, {
      httpApi: this.api,
      routeKey: props.key,
      integration: new HttpLambdaIntegration(`${props.id}-integration`, props.target),
      authorizer: props.authorizer ?? new HttpNoneAuthorizer(),
    });
    if (props.authorizer === undefined) {
      Validations.of(route).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason: `${props.id} is public by contract and says nothing about any tenant.`,
      });
    }
  }

  private accessLog(settings: StageSettings): LogGroup {
    return new LogGroup(this, 'AccessLog', {
      logGroupName: `/aws/apigateway/maestro-billing-${settings.stage}`,
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  /** Address of the API without a slash at the end. */
  get url(): string {
    return `https://${this.api.apiId}.execute-api.${Stack.of(this).region}.${Stack.of(this).urlSuffix}`;
  }
}

/**
 * One JSON object a line; times in milliseconds, sizes in bytes. Never the token itself. A claim
 * whose name is a URL cannot be named in a format, so the tenant is left out there.
 */
function accessLogFormat(tenantClaim: string): AccessLogFormat {
  return AccessLogFormat.custom(
    JSON.stringify({
      requestId: '$context.requestId',
      time: '$context.requestTimeEpoch',
      sourceIp: '$context.identity.sourceIp',
      method: '$context.httpMethod',
      path: '$context.path',
      route: '$context.routeKey',
      status: '$context.status',
      latencyMs: '$context.responseLatency',
      integrationMs: '$context.integrationLatency',
      responseBytes: '$context.responseLength',
      subject: '$context.authorizer.claims.sub',
      ...(/^\w+$/.test(tenantClaim) ? { tenant: `$context.authorizer.claims.${tenantClaim}` } : {}),
      authorizerError: '$context.authorizer.error',
      integrationError: '$context.integrationErrorMessage',
    }),
  );
}
