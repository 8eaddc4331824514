import type { UnitsCell } from './write-units';

/**
 * List prices of us-east-1 in USD, to be checked against today's before anybody relies on them, and
 * what is assumed of a function's billed time.
 */
export const PRICE_INPUTS = {
  writeUnitsMillionUsd: 0.625,
  readUnitsMillionUsd: 0.125,
  httpApiMillionUsd: 1,
  lambdaRequestsMillionUsd: 0.2,
  lambdaArmGbSecondUsd: 0.0000133334,
  functionMemoryMb: 512,
  /** The guard's own time on the 0.29 of a core that 512 MB buy. */
  ownMs: 5,
  /** One request to DynamoDB from a function of the same region. */
  engineRequestMs: 5,
} as const;

const MB_IN_GB = 1024;

/** USD for a million of these calls, by what they are paid for. */
export interface MillionPrice {
  readonly dynamoDb: number;
  readonly lambda: number;
  readonly httpApi: number;
  readonly total: number;
}

export function priceOfMillion(cell: UnitsCell): MillionPrice {
  const inputs = PRICE_INPUTS;
  const writeUnits = cell.tableWriteUnits + cell.indexWriteUnits;
  const dynamoDb =
    writeUnits * inputs.writeUnitsMillionUsd + cell.readUnits * inputs.readUnitsMillionUsd;
  const billedMs = inputs.ownMs + (cell.writes + cell.reads) * inputs.engineRequestMs;
  const gbSecondsOfMillion = (inputs.functionMemoryMb / MB_IN_GB) * billedMs * 1_000;
  const lambda = inputs.lambdaRequestsMillionUsd + gbSecondsOfMillion * inputs.lambdaArmGbSecondUsd;
  const httpApi = inputs.httpApiMillionUsd;
  return { dynamoDb, lambda, httpApi, total: dynamoDb + lambda + httpApi };
}
