import { blocks, table } from '../support/markdown';
import { PRICE_INPUTS, priceOfMillion } from './price';
import { COUNTED, type Counted, type Units, type UnitsCell } from './write-units';

const usd = (value: number) => value.toFixed(2);

/** A run with so many steps, for the price of the whole. */
const STEPS_OF_A_RUN = 5;
const USUAL_OPEN_HOLDS = 10;

export function unitsReport({ engine, cells, compared, different }: Units): string {
  return blocks(
    '## Write units and what they cost',
    `Counted at the SDK's last step (engine ${engine}); the units are worked out from the sizes of the items by DynamoDB's rules: a write unit for each KB begun of the larger of the item before and after, in the table and again in every index whose entry changes; a read unit for each 4 KB begun of a consistent read. A refused write is charged for the item that refused it. dynalite does not hand that item over and is read once more; DynamoDB does, so that read is not counted. ${compared} requests carry the engine's own figure for the table; ${different} of them differ from ours: an engine counts a query that finds nothing as nothing, here it is one read.`,
    'Open holds: so many runs are open in the month (run check, completion, denial), and so many steps in the run (step check, usage), the counted one included.',
    table(
      [
        'operation',
        'open holds',
        'writes',
        'reads',
        'write units, table',
        'write units, indexes',
        'read units',
        'largest item, bytes',
        'USD a million',
      ],
      cells
        .toSorted(byOperation)
        .map((cell) => [
          cell.what,
          cell.openHolds,
          cell.writes,
          cell.reads,
          cell.tableWriteUnits,
          cell.indexWriteUnits,
          cell.readUnits,
          cell.itemBytes,
          usd(priceOfMillion(cell).total),
        ]),
    ),
    priceReport(cells),
  );
}

function priceReport(cells: readonly UnitsCell[]): string {
  const inputs = PRICE_INPUTS;
  const usual = cells
    .filter(({ openHolds }) => openHolds === USUAL_OPEN_HOLDS)
    .toSorted(byOperation);
  return blocks(
    `### Price of a million, at ${USUAL_OPEN_HOLDS} open holds`,
    table(
      ['a million of', 'DynamoDB USD', 'Lambda USD', 'HTTP API USD', 'together USD'],
      [...usual.map(priceRow), wholeRunRow(usual)],
    ),
    'Worked out from these inputs, which are list prices and assumptions to be checked before anybody relies on them; logs, alarms, storage, backups and the sweeper are not in it:',
    table(
      ['input', 'value'],
      [
        [
          'DynamoDB on demand, us-east-1, a million write units',
          `${inputs.writeUnitsMillionUsd} USD`,
        ],
        [
          'DynamoDB on demand, us-east-1, a million read units',
          `${inputs.readUnitsMillionUsd} USD`,
        ],
        ['HTTP API, a million requests', `${usd(inputs.httpApiMillionUsd)} USD`],
        ['Lambda arm64, a million requests', `${usd(inputs.lambdaRequestsMillionUsd)} USD`],
        ['Lambda arm64, a GB-second', `${inputs.lambdaArmGbSecondUsd} USD`],
        ['memory of a function', `${inputs.functionMemoryMb} MB`],
        ["assumed: the guard's own time, billed", `${inputs.ownMs} ms a call`],
        ['assumed: a request to DynamoDB', `${inputs.engineRequestMs} ms, one after the other`],
      ],
    ),
  );
}

function priceRow(cell: UnitsCell): string[] {
  const { dynamoDb, lambda, httpApi, total } = priceOfMillion(cell);
  return [`${cell.what}`, usd(dynamoDb), usd(lambda), usd(httpApi), usd(total)];
}

function wholeRunRow(cells: readonly UnitsCell[]): string[] {
  const times: readonly (readonly [Counted, number])[] = [
    ['run check', 1],
    ['step check', STEPS_OF_A_RUN],
    ['usage', STEPS_OF_A_RUN],
    ['completion', 1],
  ];
  const prices = times.flatMap(([what, count]) => {
    const cell = cells.find((each) => each.what === what);
    return cell === undefined ? [] : [{ price: priceOfMillion(cell), count }];
  });
  const sum = (of: (price: ReturnType<typeof priceOfMillion>) => number) =>
    usd(prices.reduce((total, { price, count }) => total + of(price) * count, 0));
  return [
    `whole runs of ${STEPS_OF_A_RUN} steps`,
    sum(({ dynamoDb }) => dynamoDb),
    sum(({ lambda }) => lambda),
    sum(({ httpApi }) => httpApi),
    sum(({ total }) => total),
  ];
}

/** In the order in which they were counted first, each with its holds ascending. */
function byOperation(a: UnitsCell, b: UnitsCell): number {
  const order = COUNTED.indexOf(a.what) - COUNTED.indexOf(b.what);
  return order === 0 ? a.openHolds - b.openHolds : order;
}
