import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';

/**
 * What a function needs to use a resource: the value of the variable that names it and the
 * permissions. The two travel together, so that neither can be given without the other.
 */
export interface Access {
  readonly value: string;
  readonly statements: readonly PolicyStatement[];
}
