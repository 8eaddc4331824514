import { isAllowed, signerOf } from '../../../local/access/permissions';
import { refusalOf } from '../../../local/engine/table-access';

const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/';

describe('permissions', () => {
  const permissions = [
    { actions: ['dynamodb:GetItem'], resources: [`${TABLE}ledger`] },
    { actions: ['dynamodb:Query'], resources: [`${TABLE}ledger/index/*`] },
    { actions: ['sqs:*'], resources: ['*'] },
  ];

  it.each([
    ['dynamodb:GetItem', `${TABLE}ledger`, true],
    ['dynamodb:GetItem', `${TABLE}ledger-2`, false],
    ['dynamodb:PutItem', `${TABLE}ledger`, false],
    ['dynamodb:Query', `${TABLE}ledger/index/byDate`, true],
    ['dynamodb:Query', `${TABLE}ledger`, false],
    ['sqs:SendMessage', 'arn:aws:sqs:us-east-1:000000000000:q', true],
    ['xsqs:SendMessage', 'arn:aws:sqs:us-east-1:000000000000:q', false],
  ])('%s on %s: %s', (action, resource, expected) => {
    expect(isAllowed(permissions, action, resource)).toBe(expected);
  });

  it('are looked up by who signs', () => {
    const header = 'AWS4-HMAC-SHA256 Credential=fn-1/20200101/us-east-1/dynamodb/aws4_request, X';
    expect(signerOf(header)).toBe('fn-1');
    expect(signerOf(undefined)).toBe('');
    const access = { permissions: { 'fn-1': permissions }, tableArnPrefix: TABLE };
    const ask = (signature: string, operation: string, input: object) =>
      refusalOf(access, signature, operation, JSON.stringify(input));
    expect(ask(header, 'GetItem', { TableName: 'ledger' })).toBeUndefined();
    expect(ask(header, 'PutItem', { TableName: 'ledger' })).toMatchObject({
      message: `The role of fn-1 does not allow dynamodb:PutItem on ${TABLE}ledger`,
    });
    expect(ask(header, 'Query', { TableName: 'ledger', IndexName: 'byDate' })).toBeUndefined();
    expect(
      ask(header.replace('fn-1', 'local'), 'PutItem', { TableName: 'ledger' }),
    ).toBeUndefined();
  });
});
