import type { RouteDefinition } from '../../../local/assembly/routes';
import { RouteTable } from '../../../local/gateway/route-table';

const route = (key: string): RouteDefinition => ({
  key,
  functionName: key,
  isGuarded: true,
  scopes: [],
});

const KEYS = [
  'GET /runs/{runId}',
  'GET /runs/latest',
  'POST /runs/{runId}/steps',
  'ANY /files/{path+}',
];

describe('the route table', () => {
  const table = new RouteTable([...KEYS, '$default'].map(route));
  const found = (method: string, path: string) => {
    const match = table.find(method, path);
    return match.kind === 'match' ? [match.route.key, match.pathParameters] : [match.kind];
  };

  it.each([
    ['GET', '/runs/r1', 'GET /runs/{runId}', { runId: 'r1' }],
    ['GET', '/runs/a%20b', 'GET /runs/{runId}', { runId: 'a b' }],
    ['GET', '/runs/a%2Fb', 'GET /runs/{runId}', { runId: 'a/b' }],
    ['GET', '/runs/latest', 'GET /runs/latest', {}],
    ['POST', '/runs/r1/steps', 'POST /runs/{runId}/steps', { runId: 'r1' }],
    ['PUT', '/files/a/b/c', 'ANY /files/{path+}', { path: 'a/b/c' }],
    ['PUT', '/runs/r1', '$default', {}],
    ['GET', '/runs/', '$default', {}],
    ['GET', '/runs/r1/', '$default', {}],
    ['GET', '/files/', '$default', {}],
    ['GET', '/', '$default', {}],
  ])('%s %s leads to %s', (method, path, key, parameters) => {
    expect(found(method, path)).toEqual([key, parameters]);
  });

  it('tells what cannot be decoded', () => {
    expect(found('GET', '/runs/%ff')).toEqual(['malformed']);
  });

  it('finds nothing where there is no default route', () => {
    expect(new RouteTable(KEYS.map(route)).find('GET', '/').kind).toBe('none');
  });
});
