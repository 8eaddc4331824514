import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoClients } from '../../../lambdas/adapters/dynamodb/client';
import { readUnits, writeUnits, type TableShape } from './capacity';
import { itemBytes, type WireItem } from './item-size';

/** One request as the engine got it, and what it costs. */
export interface MeteredRequest {
  readonly operation: string;
  readonly table: string;
  /** The condition did not hold; what it costs is counted all the same. */
  readonly isRefused: boolean;
  readonly tableWriteUnits: number;
  readonly indexWriteUnits: number;
  readonly readUnits: number;
  /** The item written, or as it refused; all items read. */
  readonly bytes: number;
  /** What the engine itself says that the table's part cost; undefined where it does not tell. */
  readonly engineUnits: number | undefined;
}

interface WireRequest {
  readonly TableName: string;
  readonly Item?: WireItem;
  readonly Key?: WireItem;
  readonly ConsistentRead?: boolean;
}

interface Output {
  readonly Item?: object;
  readonly Items?: readonly object[];
  readonly Attributes?: object;
  readonly ConsumedCapacity?: { readonly Table?: { readonly CapacityUnits?: number } };
}

/**
 * Counts what the SDK sends and works out what DynamoDB would charge for it. It follows every item
 * from its first write, so it must see all that is written.
 */
export class EngineMeter {
  private requests: MeteredRequest[] = [];
  private readonly items = new Map<string, WireItem>();
  /** Where a write was refused and the engine did not say by what, as dynalite never does. */
  private unexplained: string | undefined;

  constructor(
    clients: DynamoClients,
    private readonly shapes: readonly TableShape[],
  ) {
    for (const { middlewareStack } of [clients.retrying, clients.once]) {
      middlewareStack.add(
        (next) => (args) => {
          Object.assign(args.input, { ReturnConsumedCapacity: 'INDEXES' });
          return next(args);
        },
        { step: 'initialize', priority: 'high', name: 'askForUnits' },
      );
      middlewareStack.add(
        (next, { commandName = '' }) =>
          async (args) => {
            const request = requestOf(args.request);
            const operation = commandName.replace('Command', '');
            try {
              const result = await next(args);
              this.count(operation, request, result.output as Output);
              return result;
            } catch (fault) {
              this.countRefusal(operation, request, fault);
              throw fault;
            }
          },
        { step: 'finalizeRequest', priority: 'low', name: 'countUnits' },
      );
    }
  }

  /** What was sent since the last call of this. */
  take(): readonly MeteredRequest[] {
    const taken = this.requests;
    this.requests = [];
    return taken;
  }

  private count(operation: string, request: WireRequest, output: Output): void {
    const isWrite = operation === 'PutItem' || operation === 'UpdateItem';
    if (isWrite) this.countWrite(operation, request, output);
    else this.countRead(operation, request, output);
    this.unexplained = undefined;
  }

  private countWrite(operation: string, request: WireRequest, output: Output): void {
    const shape = this.shapeOf(request);
    const key = keyOf(shape, request);
    const before = this.items.get(key);
    const after = request.Item ?? (output.Attributes && wire(output.Attributes));
    const engineUnits = output.ConsumedCapacity?.Table?.CapacityUnits;
    // An update that answers no item is of an item nobody here looks into: the engine's word counts.
    const units =
      after === undefined
        ? { table: engineUnits ?? 1, indexes: 0 }
        : writeUnits(shape, before, after);
    if (after !== undefined) this.items.set(key, after);
    this.requests.push({
      operation,
      table: request.TableName,
      isRefused: false,
      tableWriteUnits: units.table,
      indexWriteUnits: units.indexes,
      readUnits: 0,
      bytes: after === undefined ? 0 : itemBytes(after),
      engineUnits,
    });
  }

  private countRead(operation: string, request: WireRequest, output: Output): void {
    const key = request.Key && keyOf(this.shapeOf(request), request);
    // DynamoDB hands the item over with the refusal: there nobody reads it.
    if (key !== undefined && key === this.unexplained) return;
    const items = output.Items ?? (output.Item === undefined ? [] : [output.Item]);
    const bytes = items.reduce((sum, item) => sum + itemBytes(wire(item)), 0);
    this.requests.push({
      operation,
      table: request.TableName,
      isRefused: false,
      tableWriteUnits: 0,
      indexWriteUnits: 0,
      readUnits: readUnits(bytes, request.ConsistentRead === true),
      bytes,
      engineUnits: output.ConsumedCapacity?.Table?.CapacityUnits,
    });
  }

  /** A write whose condition fails is charged for the item that it met. */
  private countRefusal(operation: string, request: WireRequest, fault: unknown): void {
    if (!(fault instanceof Error) || fault.name !== 'ConditionalCheckFailedException') return;
    const shape = this.shapeOf(request);
    const key = keyOf(shape, request);
    const met = this.items.get(key);
    if (!('Item' in fault) || fault.Item === undefined) this.unexplained = key;
    this.requests.push({
      operation,
      table: request.TableName,
      isRefused: true,
      tableWriteUnits: writeUnits(shape, met, met).table,
      indexWriteUnits: 0,
      readUnits: 0,
      bytes: met === undefined ? 0 : itemBytes(met),
      engineUnits: undefined,
    });
  }

  private shapeOf({ TableName }: WireRequest): TableShape {
    const shape = this.shapes.find((each) => each.TableName === TableName);
    if (shape === undefined) throw new Error(`the app has no table ${TableName}`);
    return shape;
  }
}

function requestOf(request: unknown): WireRequest {
  const { body } = request as { readonly body: string | Uint8Array };
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  return JSON.parse(text) as WireRequest;
}

/** An answer as the document client gives it, in the engine's own form again. */
function wire(item: object): WireItem {
  return marshall(item) as unknown as WireItem;
}

function keyOf(shape: TableShape, { TableName, Item, Key }: WireRequest): string {
  const names = shape.KeySchema.map(({ AttributeName }) => AttributeName);
  const parts = names.map((name) => JSON.stringify((Key ?? Item)?.[name]));
  return [TableName, ...parts].join(' ');
}
