/** What a role allows: actions such as `dynamodb:GetItem` on ARNs; `*` stands for anything. */
export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

function matches(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  const parts = pattern
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}

/** True when any of the permissions covers the action on the resource. */
export function isAllowed(
  permissions: readonly Permission[],
  action: string,
  resource: string,
): boolean {
  return permissions.some(
    ({ actions, resources }) =>
      actions.some((pattern) => matches(pattern, action)) &&
      resources.some((pattern) => matches(pattern, resource)),
  );
}

/** The access key id with which a request is signed: here, the name of the function that sent it. */
export function signerOf(authorization: string | undefined): string {
  return /Credential=([^/,\s]+)\//.exec(authorization ?? '')?.[1] ?? '';
}
