import type { Policy } from './policy';

/** Where policies are kept, one for each tenant. */
export interface PolicyStore {
  /** Consistent. */
  read(tenant: string): Promise<Policy | undefined>;
  /** @returns false when the tenant has a policy already */
  create(policy: Policy): Promise<boolean>;
  /** @returns false when the stored version is not `from` */
  replace(policy: Policy, from: number): Promise<boolean>;
}
