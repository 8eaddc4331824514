import * as fc from 'fast-check';
import { readUnits, writeUnits, type TableShape } from '../../bench/units/capacity';
import { itemBytes, type WireItem, type WireValue } from '../../bench/units/item-size';

/** The engine's own count, for items without characters beyond ASCII. */
const { itemSize } = require('dynalite/db') as { itemSize: (item: WireItem) => number };

const text = fc.string({ unit: 'binary-ascii', maxLength: 20 });
const name = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 10 });
const number = fc.oneof(
  fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }).map(String),
  fc
    .tuple(fc.integer({ min: 1, max: 9_999 }), fc.integer({ min: 0, max: 12 }))
    .map(([digits, zeros]) => `${digits}${'0'.repeat(zeros)}`),
);
const { item } = fc.letrec<{ item: WireItem; value: WireValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.record({ S: text }),
    fc.record({ N: number }),
    fc.record({ BOOL: fc.boolean() }),
    fc.record({ NULL: fc.constant(true) }),
    fc.record({ SS: fc.array(text, { minLength: 1, maxLength: 4 }) }),
    fc.record({ M: tie('item') }),
  ),
  item: fc.dictionary(name, tie('value'), { maxKeys: 6, noNullPrototype: true }),
}));

test('items are as large as the engine counts them', () => {
  fc.assert(
    fc.property(item, (each) => {
      expect(itemBytes(each)).toBe(itemSize(each));
    }),
    { numRuns: 500 },
  );
});

test('characters count by their bytes, elements of a list by one more', () => {
  expect(itemBytes({ é: { S: '€' } })).toBe(2 + 3);
  expect(itemBytes({ a: { L: [{ S: 'bc' }, { N: '0' }] } })).toBe(1 + 3 + (1 + 2) + (1 + 1));
});

describe('write units', () => {
  const shape: TableShape = {
    TableName: 't',
    KeySchema: [{ AttributeName: 'pk' }, { AttributeName: 'sk' }],
    LocalSecondaryIndexes: [
      {
        IndexName: 'byDate',
        KeySchema: [{ AttributeName: 'pk' }, { AttributeName: 'date' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byRun',
        KeySchema: [{ AttributeName: 'run' }],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  };
  const key = { pk: { S: 'p' }, sk: { S: 's' } };
  const large = { S: 'x'.repeat(1_100) };

  test.each<[string, WireItem | undefined, WireItem, number, number]>([
    ['a small item in no index', undefined, key, 1, 0],
    ['an item of more than a KB', undefined, { ...key, large }, 2, 0],
    ['an item that was larger before', { ...key, large }, key, 2, 0],
    ['a new entry of a whole index', undefined, { ...key, date: { S: 'd' }, large }, 2, 2],
    ['a new entry of keys alone', undefined, { ...key, run: { S: 'r' }, large }, 2, 1],
    [
      'a change that an index of keys does not see',
      { ...key, run: { S: 'r' } },
      { ...key, run: { S: 'r' }, large },
      2,
      0,
    ],
    ['an entry that moves', { ...key, run: { S: 'r' } }, { ...key, run: { S: 'q' } }, 1, 2],
    ['an entry that is taken out', { ...key, run: { S: 'r' } }, key, 1, 1],
  ])('%s', (_what, before, after, table, indexes) => {
    expect(writeUnits(shape, before, after)).toEqual({ table, indexes });
  });
});

test.each([
  [0, true, 1],
  [4_096, true, 1],
  [4_097, true, 2],
  [4_097, false, 1],
])('%i bytes, consistent %s: %d read units', (bytes, isConsistent, units) => {
  expect(readUnits(bytes, isConsistent)).toBe(units);
});
