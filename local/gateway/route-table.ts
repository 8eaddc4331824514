import type { RouteDefinition } from '../assembly/routes';

export type RouteMatch =
  | {
      readonly kind: 'match';
      readonly route: RouteDefinition;
      readonly pathParameters: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' };

interface Pattern {
  readonly route: RouteDefinition;
  readonly method: string;
  readonly segments: readonly string[];
  /** How many segments are fixed text: more fixed text wins. */
  readonly fixedCount: number;
}

const PARAMETER = /^\{([^}+]+)(\+?)\}$/;
const DEFAULT_KEY = '$default';

/** Finds the route that API Gateway would take. */
export class RouteTable {
  private readonly patterns: readonly Pattern[];
  private readonly fallback: RouteDefinition | undefined;

  constructor(routes: readonly RouteDefinition[]) {
    this.fallback = routes.find(({ key }) => key === DEFAULT_KEY);
    this.patterns = routes
      .filter(({ key }) => key !== DEFAULT_KEY)
      .map((route) => {
        const [method = '', path = ''] = route.key.split(' ');
        const segments = path.split('/');
        const fixedCount = segments.filter((segment) => !PARAMETER.test(segment)).length;
        return { route, method, segments, fixedCount };
      })
      .toSorted((a, b) => b.fixedCount - a.fixedCount || b.segments.length - a.segments.length);
  }

  /** `path` without the query, as it stood in the request line. */
  find(method: string, path: string): RouteMatch {
    const given = path.split('/');
    for (const pattern of this.patterns) {
      if (pattern.method !== method && pattern.method !== 'ANY') continue;
      const raw = matchSegments(pattern.segments, given);
      if (raw === undefined) continue;
      const pathParameters = decodeAll(raw);
      if (pathParameters === undefined) return { kind: 'malformed' };
      return { kind: 'match', route: pattern.route, pathParameters };
    }
    if (this.fallback === undefined) return { kind: 'none' };
    return { kind: 'match', route: this.fallback, pathParameters: {} };
  }
}

function matchSegments(
  pattern: readonly string[],
  given: readonly string[],
): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const [, name, greedy] = PARAMETER.exec(segment) ?? [];
    const value = given[index];
    if (value === undefined) return undefined;
    if (name === undefined) {
      if (segment !== value) return undefined;
    } else if (greedy === '+') {
      parameters[name] = given.slice(index).join('/');
      return parameters[name] === '' ? undefined : parameters;
    } else if (value === '') {
      return undefined;
    } else {
      parameters[name] = value;
    }
  }
  return pattern.length === given.length ? parameters : undefined;
}

function decodeAll(raw: Record<string, string>): Record<string, string> | undefined {
  try {
    return Object.fromEntries(
      Object.entries(raw).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
  } catch {
    return undefined;
  }
}
