import { createRequire } from 'node:module';

/**
 * dynalite writes an item's index entries first and the item itself after, each on its own. A
 * process killed in between leaves a usage record that a query on the index lists and that was
 * never booked. Here both go to the disk in one batch, and a write is answered when it is on the
 * disk (`sync`), so what was answered outlives the process and the machine.
 *
 * This reaches into dynalite 4.0.0, whose version is pinned; `applyAtomicIndexes` refuses to go on
 * when what it replaces is not there.
 */
interface BatchOperation {
  readonly type: 'put' | 'del';
  readonly key: string;
  readonly value?: unknown;
}

type Item = object;

interface IndexActions {
  readonly puts: readonly { index: string; key: string; item: Item }[];
  readonly deletes: readonly { index: string; key: string }[];
}

interface Table {
  readonly TableName: string;
  readonly LocalSecondaryIndexes?: unknown[];
  readonly GlobalSecondaryIndexes?: unknown[];
}

type UpdateIndexes = (
  store: unknown,
  table: Table,
  before: Item | undefined,
  after: Item | null | undefined,
  done: (error?: unknown) => void,
) => void;

interface DynaliteDb {
  updateIndexes: UpdateIndexes;
  getIndexActions(
    indexes: readonly unknown[],
    before: Item | undefined,
    after: Item,
    table: Table,
  ): IndexActions;
}

interface LevelClass {
  new (
    location: string,
    options: object,
  ): {
    put(key: string, value: unknown, options?: object): Promise<void>;
    del(key: string, options?: object): Promise<void>;
    batch(operations: readonly BatchOperation[], options?: object): Promise<void>;
  };
}

/** Index entries that wait for their item, by the very object that will be written as the item. */
const waiting = new WeakMap<Item, BatchOperation[]>();

function durable(Level: LevelClass): LevelClass {
  return class DurableLevel extends Level {
    override put(key: string, value: unknown): Promise<void> {
      const entries = waiting.get(value as Item) ?? [];
      return super.batch([...entries, { type: 'put', key, value }], { sync: true });
    }

    override del(key: string): Promise<void> {
      return super.del(key, { sync: true });
    }

    override batch(operations: readonly BatchOperation[]): Promise<void> {
      return super.batch(operations, { sync: true });
    }
  };
}

function indexEntries(
  db: DynaliteDb,
  table: Table,
  before: Item | undefined,
  after: Item,
): BatchOperation[] {
  return (['Local', 'Global'] as const).flatMap((kind) => {
    const indexes = table[`${kind}SecondaryIndexes`] ?? [];
    const { puts, deletes } = db.getIndexActions(indexes, before, after, table);
    const place = (index: string) => `index-${kind.toLowerCase()}~${table.TableName}~${index}~`;
    return [
      ...deletes.map(({ index, key }) => ({ type: 'del' as const, key: place(index) + key })),
      ...puts.map(({ index, key, item }) => ({
        type: 'put' as const,
        key: place(index) + key,
        value: item,
      })),
    ];
  });
}

/**
 * To be called once, before dynalite is loaded.
 * @throws Error when dynalite is not built as expected.
 */
export function applyAtomicIndexes(): void {
  const fromHere = createRequire(__filename);
  const fromDynalite = createRequire(fromHere.resolve('dynalite'));
  const level = fromDynalite('level') as { Level: LevelClass };
  level.Level = durable(level.Level);
  const db = fromDynalite('./db') as DynaliteDb;
  if (typeof db.updateIndexes !== 'function' || typeof db.getIndexActions !== 'function') {
    throw new Error('dynalite is not the pinned version: its index functions are gone');
  }
  const original = db.updateIndexes;
  db.updateIndexes = (store, table, before, after, done) => {
    if (after === null || after === undefined) return original(store, table, before, after, done);
    waiting.set(after, indexEntries(db, table, before, after));
    done();
  };
}
