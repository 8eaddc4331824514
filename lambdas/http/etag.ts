import { invalidRequest, problem, type ProblemReply } from './problem';

/** The strong ETag of a policy's version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** What a PUT demands of the version that it replaces. */
export type WritePrecondition =
  | { readonly kind: 'create' }
  | { readonly kind: 'replace'; readonly version: number }
  /** An ETag that is none of ours, so no version can match it. */
  | { readonly kind: 'never' }
  | { readonly kind: 'refused'; readonly reply: ProblemReply };

const ETAG = /^"(0|[1-9][0-9]{0,14})"$/;

/** Reads `If-None-Match: *` (the first write) or `If-Match` with the ETag of the last answer. */
export function readWritePrecondition(
  header: (name: string) => string | undefined,
): WritePrecondition {
  const ifMatch = header('if-match')?.trim();
  const ifNoneMatch = header('if-none-match')?.trim();
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    return refused('header/if-match', 'must not be given beside If-None-Match');
  }
  if (ifNoneMatch !== undefined) {
    return ifNoneMatch === '*' ? { kind: 'create' } : refused('header/if-none-match', 'must be *');
  }
  if (ifMatch === undefined || ifMatch === '') {
    const detail =
      'Send If-None-Match: * for the first policy, If-Match with its ETag to change it.';
    return { kind: 'refused', reply: problem('PRECONDITION_REQUIRED', detail) };
  }
  // `*` would overwrite what the caller has never seen.
  if (ifMatch === '*') return refused('header/if-match', 'must be the ETag of the policy as read');
  const version = ETAG.exec(ifMatch)?.[1];
  return version === undefined ? { kind: 'never' } : { kind: 'replace', version: Number(version) };
}

function refused(path: string, message: string): WritePrecondition {
  return { kind: 'refused', reply: invalidRequest([{ path, message }]) };
}
