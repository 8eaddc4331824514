import { BASE_PATH, FUNCTION_NAMES, routeOf } from '../../core/contract/functions';
import { synthesizeApp, type Json } from '../support/synthesized-app';

const { resources } = synthesizeApp('prod', { throttleRate: 321, throttleBurst: 654 });
const routes = [...resources('AWS::ApiGatewayV2::Route').values()].map(
  ({ Properties }) => Properties,
);
const functions = resources('AWS::Lambda::Function');
const integrations = resources('AWS::ApiGatewayV2::Integration');

function routeFor(key: string): Json {
  return routes.find((route) => route['RouteKey'] === key);
}

/** Name of the function that a route leads to. */
function targetOf(route: Json): string {
  const integration = integrations.get(route.Target['Fn::Join'][1][1].Ref)?.Properties;
  expect(integration).toMatchObject({
    IntegrationType: 'AWS_PROXY',
    PayloadFormatVersion: '2.0',
  });
  return functions.get(integration.IntegrationUri['Fn::GetAtt'][0])?.Properties['FunctionName'];
}

const contract = FUNCTION_NAMES.flatMap((name) => {
  const route = routeOf(name);
  return route === undefined
    ? []
    : [
        {
          name,
          key: `${route.method} ${BASE_PATH}${route.path}`,
          isPublic: route.isPublic ?? false,
        },
      ];
});

test.each(contract)('$key leads to $name', ({ name, key }) => {
  expect(targetOf(routeFor(key))).toBe(`maestro-billing-prod-${name}`);
});

test('every other path leads to not-found', () => {
  expect(targetOf(routeFor('$default'))).toBe('maestro-billing-prod-not-found');
  expect(routes).toHaveLength(contract.length + 1);
});

test('the gateway checks a token on every route but the public ones of the contract', () => {
  const [authorizerId] = resources('AWS::ApiGatewayV2::Authorizer').keys();
  const open = routes.filter(
    (route) => route['AuthorizationType'] !== 'JWT' || route['AuthorizerId']?.Ref !== authorizerId,
  );
  expect(open.map((route) => route['RouteKey'])).toEqual(
    contract.filter(({ isPublic }) => isPublic).map(({ key }) => key),
  );
});

test('the authorizer trusts the pool of the stack and its clients', () => {
  const [authorizer] = resources('AWS::ApiGatewayV2::Authorizer').values();
  expect(authorizer?.Properties).toMatchObject({
    AuthorizerType: 'JWT',
    IdentitySource: ['$request.header.Authorization'],
    JwtConfiguration: {
      Issuer: {
        'Fn::Join': [
          '',
          [
            'https://cognito-idp.',
            { Ref: 'AWS::Region' },
            '.amazonaws.com/',
            { 'Fn::ImportValue': expect.stringContaining('IdentityPool') },
          ],
        ],
      },
      Audience: [
        { 'Fn::ImportValue': expect.stringContaining('orchestrator') },
        { 'Fn::ImportValue': expect.stringContaining('operator') },
      ],
    },
  });
});

test('the stage throttles and writes a structured line for every call', () => {
  const [stage] = resources('AWS::ApiGatewayV2::Stage').values();
  expect(stage?.Properties).toMatchObject({
    StageName: '$default',
    AutoDeploy: true,
    DefaultRouteSettings: {
      DetailedMetricsEnabled: true,
      ThrottlingRateLimit: 321,
      ThrottlingBurstLimit: 654,
    },
  });
  const format = JSON.parse(stage?.Properties['AccessLogSettings'].Format);
  expect(format).toMatchObject({
    requestId: '$context.requestId',
    route: '$context.routeKey',
    status: '$context.status',
    tenant: '$context.authorizer.claims.tenant',
  });
  expect(JSON.stringify(format).toLowerCase()).not.toContain('header');
});

test('a tenant claim whose name is a URL is left out of the access log', () => {
  const { resources: own } = synthesizeApp('prod', { tenantClaim: 'https://example.com/tenant' });
  const [stage] = own('AWS::ApiGatewayV2::Stage').values();
  expect(JSON.parse(stage?.Properties['AccessLogSettings'].Format)).not.toHaveProperty('tenant');
});
