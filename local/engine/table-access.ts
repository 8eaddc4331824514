import { isAllowed, signerOf, type Permission } from '../access/permissions';

/** What the functions may do at the engine. */
export interface TableAccess {
  /** By the access key id with which the function signs; other callers may do everything. */
  readonly permissions: Readonly<Record<string, readonly Permission[]>>;
  /** What stands before a table's name in its ARN. */
  readonly tableArnPrefix: string;
}

interface TableInput {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
}

function parseInput(body: string): TableInput {
  try {
    return JSON.parse(body) as TableInput;
  } catch {
    // The engine itself answers what it cannot read.
    return {};
  }
}

/**
 * DynamoDB's refusal where the caller's role does not allow the call; undefined where it does.
 * @param operation such as `PutItem`
 */
export function refusalOf(
  access: TableAccess,
  authorization: string | undefined,
  operation: string,
  body: string,
): object | undefined {
  const signer = signerOf(authorization);
  const permissions = Object.hasOwn(access.permissions, signer)
    ? access.permissions[signer]
    : undefined;
  if (permissions === undefined) return undefined;
  const { TableName, IndexName, RequestItems = {} } = parseInput(body);
  const tables = TableName === undefined ? Object.keys(RequestItems) : [TableName];
  const action = `dynamodb:${operation}`;
  for (const table of tables) {
    const arn = `${access.tableArnPrefix}${table}`;
    const resource = IndexName === undefined ? arn : `${arn}/index/${IndexName}`;
    if (isAllowed(permissions, action, resource)) continue;
    return {
      __type: 'com.amazon.coral.service#AccessDeniedException',
      message: `The role of ${signer} does not allow ${action} on ${resource}`,
    };
  }
  return undefined;
}
