import { Tags, Validations, type App } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { StageSettings } from './stage-settings';
import { StatefulStack } from './stateful-stack';
import { StatelessStack } from './stateless-stack';

export interface MaestroBillingProps {
  readonly settings: StageSettings;
  /** Folder with the bundles, `dist/functions` of the repository. */
  readonly assetsDir: string;
}

export interface MaestroBilling {
  readonly stateful: StatefulStack;
  readonly stateless: StatelessStack;
}

/**
 * The two stacks of a stage, and the AwsSolutions rules of cdk-nag over them: an exception that is
 * not acknowledged ends the synthesis.
 */
export function maestroBilling(app: App, props: MaestroBillingProps): MaestroBilling {
  const name = `MaestroBilling-${props.settings.stage}`;
  const stateful = new StatefulStack(app, `${name}-Stateful`, {
    ...props,
    description: 'Maestro Billing: tables and machine identities',
    terminationProtection: true,
  });
  const stateless = new StatelessStack(app, `${name}-Stateless`, {
    ...props,
    stateful,
    description: 'Maestro Billing: functions, HTTP API, sweeper, alarms',
  });
  stateless.addStackDependency(stateful);
  Tags.of(app).add('app', 'maestro-billing');
  Tags.of(app).add('stage', props.settings.stage);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
  return { stateful, stateless };
}
