import { Resolver } from '../../../local/assembly/resolver';
import type { Stack } from '../../../local/assembly/template';

const place = {
  region: 'us-east-1',
  accountId: '000000000000',
  queueBaseUrl: 'http://127.0.0.1:1',
  apiUrl: 'http://127.0.0.1:2',
};

const stack = (id: string, parts: Partial<Stack>): Stack => ({
  id,
  name: id,
  resources: {},
  outputs: {},
  assetFolders: new Map(),
  ...parts,
});

const stateful = stack('Stateful', {
  resources: {
    Ledger: { Type: 'AWS::DynamoDB::GlobalTable', Properties: { TableName: 'ledger' } },
    Pool: { Type: 'AWS::Cognito::UserPool' },
  },
  outputs: {
    ExportLedger: { Value: { Ref: 'Ledger' }, Export: { Name: 'Stateful:Ledger' } },
    ExportArn: { Value: { 'Fn::GetAtt': ['Ledger', 'Arn'] }, Export: { Name: 'Stateful:Arn' } },
  },
});
const stateless = stack('Stateless', {
  resources: { Sweep: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'sweep' } } },
});
const resolver = new Resolver([stateful, stateless], place);
const resolve = (value: Parameters<Resolver['resolve']>[0]) => resolver.resolve(value, stateless);

describe('the resolver of templates', () => {
  it.each([
    ['a plain value', { a: [1, 'b', null, true] }, { a: [1, 'b', null, true] }],
    ['an import', { 'Fn::ImportValue': 'Stateful:Ledger' }, 'ledger'],
    [
      'an imported attribute',
      { 'Fn::ImportValue': 'Stateful:Arn' },
      'arn:aws:dynamodb:us-east-1:000000000000:table/ledger',
    ],
    ["a queue's URL", { Ref: 'Sweep' }, 'http://127.0.0.1:1/000000000000/sweep'],
    ['a join', { 'Fn::Join': ['/', [{ Ref: 'AWS::Region' }, 'x']] }, 'us-east-1/x'],
    [
      'a substitution',
      { 'Fn::Sub': '${AWS::AccountId}:${Sweep.Arn}:${!x}' },
      '000000000000:arn:aws:sqs:us-east-1:000000000000:sweep:${x}',
    ],
    ['a selection', { 'Fn::Select': [1, { 'Fn::Split': ['-', 'a-b-c'] }] }, 'b'],
  ])('works out %s', (_, value, expected) => {
    expect(resolve(value)).toEqual(expected);
  });

  it.each([
    ['an unknown reference', { Ref: 'Nothing' }],
    ['an unknown import', { 'Fn::ImportValue': 'Nothing' }],
    ['an unknown function', { 'Fn::Cidr': ['10.0.0.0/8', 2, 8] }],
  ])('names %s instead of guessing', (_, value) => {
    expect(() => resolve(value)).toThrow(/cannot tell what .* of stack Stateless stands for/);
  });

  it('does not guess the id of a resource that it does not play', () => {
    expect(() => resolver.resolve({ Ref: 'Pool' }, stateful)).toThrow('"Pool"');
  });
});
