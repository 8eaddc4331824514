/** Looks at a value that somebody wrote; answers what it must be when it is not that. */
export type Check = (value: unknown) => string | undefined;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function matching(pattern: RegExp, what: string): Check {
  return (value) => (typeof value === 'string' && pattern.test(value) ? undefined : what);
}

export function wholeNumber(least: number, most: number): Check {
  return (value) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : `a whole number from ${least} to ${most}`;
}

export function oneOf(values: readonly unknown[]): Check {
  return (value) => (values.includes(value) ? undefined : `one of ${values.join(', ')}`);
}

/** One to `most` elements, each of which passes and none of which stands there twice. */
export function listOf(check: Check, most: number): Check {
  return (value) => {
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    const isFine =
      items.length > 0 &&
      items.length <= most &&
      new Set(items).size === items.length &&
      items.every((item) => check(item) === undefined);
    return isFine ? undefined : `a list of 1 to ${most}, none twice, each ${check(undefined)}`;
  };
}

/** An object with no other fields than these; those of `required` must be there. */
export function objectOf(
  fields: Readonly<Record<string, Check>>,
  required: readonly string[],
): Check {
  return (value) => {
    if (!isRecord(value)) return `an object with ${Object.keys(fields).join(', ')}`;
    const problems = [
      ...required
        .filter((field) => value[field] === undefined)
        .map((field) => `${field} (which is missing)`),
      ...Object.entries(value).flatMap(([field, one]) => {
        const check = fields[field];
        if (check === undefined) return [`no ${field}, which is not a setting`];
        const problem = check(one);
        return problem === undefined ? [] : [`${field}: ${problem}`];
      }),
    ];
    return problems.length === 0 ? undefined : `an object with ${problems.join('; ')}`;
  };
}
