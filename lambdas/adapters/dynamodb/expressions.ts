import type { Change, Condition } from '../../../core/ledger/write';

/** The three parts of an expression that DynamoDB is sent. */
export interface CompiledWrite {
  readonly ConditionExpression: string;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, unknown>;
}

/** Placeholders for names and values, each made once. */
class Placeholders {
  readonly names: Record<string, string> = {};
  readonly values: Record<string, unknown> = {};
  private readonly known = new Map<string, string>();

  /** `holds.r1~x.y` is two names: the ids in it may hold any character. */
  path(...parts: readonly string[]): string {
    return parts.map((part) => this.name(part)).join('.');
  }

  value(value: unknown): string {
    const placeholder = `:v${Object.keys(this.values).length}`;
    this.values[placeholder] = value;
    return placeholder;
  }

  private name(part: string): string {
    const known = this.known.get(part);
    if (known !== undefined) return known;
    const placeholder = `#n${this.known.size}`;
    this.known.set(part, placeholder);
    this.names[placeholder] = part;
    return placeholder;
  }
}

/** Compile a ledger write's condition and changes. Pure: no name or value is taken from elsewhere. */
export function compileWrite(condition: Condition, changes?: readonly Change[]): CompiledWrite {
  const placeholders = new Placeholders();
  const ConditionExpression = compileCondition(condition, placeholders, 'top');
  const update =
    changes === undefined ? {} : { UpdateExpression: compileChanges(changes, placeholders) };
  const hasValues = Object.keys(placeholders.values).length > 0;
  return {
    ConditionExpression,
    ...update,
    ExpressionAttributeNames: placeholders.names,
    ...(hasValues ? { ExpressionAttributeValues: placeholders.values } : {}),
  };
}

/** Parentheses only where they change the meaning: parsers pay dearly for the others. */
type Context = 'top' | 'inside AND' | 'inside OR';

function compileCondition(condition: Condition, p: Placeholders, context: Context): string {
  if ('all' in condition) {
    return condition.all.map((part) => compileCondition(part, p, 'inside AND')).join(' AND ');
  }
  if ('any' in condition) {
    const either = condition.any.map((part) => compileCondition(part, p, 'inside OR')).join(' OR ');
    return context === 'inside AND' ? `(${either})` : either;
  }
  switch (condition.is) {
    case 'absent':
      return `attribute_not_exists(${p.path('pk')})`;
    case 'open':
      return `${p.path('state')} = ${p.value('OPEN')}`;
    case 'void':
      return `${p.path('state')} = ${p.value('VOID')}`;
    case 'void-sparing':
      return `${p.path('state')} = ${p.value('VOID')} AND NOT contains(${p.path('killed')}, ${p.value(condition.hold)})`;
    case 'hold-absent':
      return `attribute_not_exists(${p.path('holds', condition.hold)})`;
    case 'hold-equals':
      return `${p.path('holds', condition.hold)} = ${p.value(condition.amount)}`;
    case 'affordable':
      return `(${p.path('mode')} = ${p.value('soft')} OR ${p.path('available')} >= ${p.value(condition.amount)})`;
    case 'funded-by':
      return `${p.path('fundedBy')} = ${p.value(condition.hold)}`;
    case 'limit-equals':
      return `${p.path('limit')} = ${p.value(condition.limit)}`;
    case 'version-equals':
      return `${p.path('version')} = ${p.value(condition.version)}`;
    case 'without-holds':
      return `size(${p.path('holds')}) = ${p.value(0)}`;
  }
}

function compileChanges(changes: readonly Change[], p: Placeholders): string {
  const sets: string[] = [];
  const removes: string[] = [];
  const adds: string[] = [];
  for (const change of changes) {
    if ('set' in change) sets.push(assign(p.path(change.set), change.to, p));
    else if ('add' in change) {
      const path = p.path(change.add);
      sets.push(`${path} = ${path} + ${p.value(change.by)}`);
    } else if ('kill' in change) {
      sets.push(...blankAccount(p));
      adds.push(`${p.path('killed')} ${p.value(new Set([change.kill]))}`);
    } else if ('drop' in change) {
      removes.push(p.path('holds', change.drop), p.path('notes', change.drop));
    } else {
      sets.push(assign(p.path('holds', change.hold), change.amount, p));
      if (change.note !== undefined)
        sets.push(assign(p.path('notes', change.hold), change.note, p));
    }
  }
  return [clause('SET', sets), clause('REMOVE', removes), clause('ADD', adds)].join('').trim();
}

/** A fence may be the first thing at its place: it is a whole account with nothing in it. */
function blankAccount(p: Placeholders): string[] {
  const amounts = (['limit', 'available', 'spent', 'version'] as const).map((name) =>
    assign(p.path(name), 0, p),
  );
  const maps = (['holds', 'notes', 'facts'] as const).map((name) => assign(p.path(name), {}, p));
  return [
    assign(p.path('state'), 'VOID', p),
    assign(p.path('mode'), 'hard', p),
    ...amounts,
    ...maps,
  ];
}

function assign(path: string, value: unknown, p: Placeholders): string {
  return `${path} = ${p.value(value)}`;
}

function clause(verb: string, parts: readonly string[]): string {
  return parts.length === 0 ? '' : `${verb} ${parts.join(', ')} `;
}
