import type { Policy } from '../../core/policy/policy';
import { json, type Reply } from '../http/reply';
import { policyBody } from '../schemas/policy';

const ETAG = /^"v([1-9][0-9]{0,14})"$/;

/** A policy with its ETag, which is its version. */
export function policyReply(status: 200 | 201, policy: Policy): Reply {
  const { tenant, version, updatedAt, updatedBy } = policy;
  return json(
    status,
    { tenant, version, updatedAt, updatedBy, ...policyBody(policy) },
    { ETag: `"v${version}"` },
  );
}

/** The version that an If-Match names; undefined where it can be none of ours. */
export function versionOfEtag(etag: string): number | undefined {
  const [, version] = ETAG.exec(etag.trim()) ?? [];
  return version === undefined ? undefined : Number(version);
}
