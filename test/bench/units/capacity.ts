import { itemBytes, type WireItem } from './item-size';

const WRITE_UNIT_BYTES = 1024;
const READ_UNIT_BYTES = 4096;

interface KeyElement {
  readonly AttributeName: string;
}

/** An index as CreateTable takes it. */
export interface IndexShape {
  readonly IndexName: string;
  readonly KeySchema: readonly KeyElement[];
  readonly Projection: {
    readonly ProjectionType: 'ALL' | 'KEYS_ONLY' | 'INCLUDE';
    readonly NonKeyAttributes?: readonly string[];
  };
}

/** A table as CreateTable takes it, as far as it matters to what a write costs. */
export interface TableShape {
  readonly TableName: string;
  readonly KeySchema: readonly KeyElement[];
  readonly LocalSecondaryIndexes?: readonly IndexShape[];
  readonly GlobalSecondaryIndexes?: readonly IndexShape[];
}

/** Write units of one write, in the table and in its indexes. */
export interface WriteUnits {
  readonly table: number;
  readonly indexes: number;
}

/**
 * What a write costs that made `after` of `before`: the larger of the two in the table, and in each
 * index that has an entry of it, the entry where it changed.
 */
export function writeUnits(
  shape: TableShape,
  before: WireItem | undefined,
  after: WireItem | undefined,
): WriteUnits {
  const indexes = [...(shape.LocalSecondaryIndexes ?? []), ...(shape.GlobalSecondaryIndexes ?? [])];
  return {
    table: unitsOfLarger(before, after),
    indexes: indexes.reduce((sum, index) => sum + indexUnits(shape, index, before, after), 0),
  };
}

/** Read units of so many bytes; at least one read's worth, half when not consistent. */
export function readUnits(bytes: number, isConsistent: boolean): number {
  const units = Math.max(Math.ceil(bytes / READ_UNIT_BYTES), 1);
  return isConsistent ? units : units / 2;
}

function unitsOfLarger(before: WireItem | undefined, after: WireItem | undefined): number {
  const bytes = Math.max(before ? itemBytes(before) : 0, after ? itemBytes(after) : 0);
  return Math.max(Math.ceil(bytes / WRITE_UNIT_BYTES), 1);
}

function indexUnits(
  shape: TableShape,
  index: IndexShape,
  before: WireItem | undefined,
  after: WireItem | undefined,
): number {
  const from = entryOf(shape, index, before);
  const to = entryOf(shape, index, after);
  if (JSON.stringify(from) === JSON.stringify(to)) return 0;
  if (from === undefined || to === undefined) return unitsOfLarger(from, to);
  const hasMoved = index.KeySchema.some(
    ({ AttributeName: key }) => JSON.stringify(from[key]) !== JSON.stringify(to[key]),
  );
  // An entry whose key changes is taken out in one place and put in another.
  if (hasMoved) return unitsOfLarger(from, undefined) + unitsOfLarger(undefined, to);
  return unitsOfLarger(from, to);
}

/** What an index keeps of an item; undefined for an item without the index's keys. */
function entryOf(
  shape: TableShape,
  { KeySchema, Projection }: IndexShape,
  item: WireItem | undefined,
): WireItem | undefined {
  if (item === undefined) return undefined;
  const keys = [...KeySchema, ...shape.KeySchema].map(({ AttributeName }) => AttributeName);
  if (keys.some((key) => item[key] === undefined)) return undefined;
  if (Projection.ProjectionType === 'ALL') return item;
  const kept = new Set([...keys, ...(Projection.NonKeyAttributes ?? [])]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => kept.has(name)));
}
