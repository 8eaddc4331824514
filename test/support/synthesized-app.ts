import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { FUNCTION_NAMES } from '../../core/contract/functions';
import { maestroBilling } from '../../lib/maestro-billing';
import { readStageSettings } from '../../lib/stage-settings';

// A synthesis takes seconds, on a busy machine more of them than jest allows a test.
jest.setTimeout(60_000);

/** A template is JSON of no fixed form; the assertions say what form they want. */
export type Json = ReturnType<typeof JSON.parse>;

export interface Resource {
  readonly Type: string;
  readonly Properties: Json;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface SynthesizedApp {
  readonly app: App;
  readonly stateful: Template;
  readonly stateless: Template;
  /** Resources of both stacks of a type, by logical id. */
  readonly resources: (type: string) => ReadonlyMap<string, Resource>;
  readonly nagFindings: () => readonly string[];
}

/** Synthesizes the app as the CDK does, with bundles that are placeholders. */
export function synthesizeApp(
  stage = 'dev',
  settings: Record<string, unknown> = {},
): SynthesizedApp {
  const folder = mkdtempSync(join(tmpdir(), 'maestro-infra-'));
  try {
    for (const name of FUNCTION_NAMES) {
      mkdirSync(join(folder, 'functions', name), { recursive: true });
      writeFileSync(join(folder, 'functions', name, 'index.js'), `exports.handler = '${name}';\n`);
    }
    // cdk.json is not read here; these are its feature flags.
    const context: Record<string, unknown> = {
      '@aws-cdk/aws-iam:minimizePolicies': true,
      '@aws-cdk/core:defaultCrossStackReferences': 'strong',
      stage,
      stages: { [stage]: settings },
    };
    const app = new App({ context, outdir: join(folder, 'cdk.out'), analyticsReporting: false });
    const stacks = maestroBilling(app, {
      settings: readStageSettings((key) => context[key]),
      assetsDir: join(folder, 'functions'),
    });
    const stateful = Template.fromStack(stacks.stateful);
    const stateless = Template.fromStack(stacks.stateless);
    return {
      app,
      stateful,
      stateless,
      resources: (type) =>
        new Map(
          [stateful, stateless].flatMap((template) =>
            Object.entries(template.findResources(type)).map(
              ([id, resource]): [string, Resource] => [id, resource as Resource],
            ),
          ),
        ),
      nagFindings: () =>
        new AwsSolutionsChecks(app)
          .validateScope(app)
          .violations.flatMap(({ ruleName, violatingResources }) =>
            violatingResources.map((found) => `${ruleName} ${String(found.constructPath)}`),
          ),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
