import { Aws, CfnOutput, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  AccountRecovery,
  FeaturePlan,
  LambdaVersion,
  Mfa,
  OAuthScope,
  ResourceServerScope,
  UserPool,
  UserPoolOperation,
  type UserPoolClient,
  type UserPoolResourceServer,
} from 'aws-cdk-lib/aws-cognito';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Scope } from '../../core/contract/functions';
import { SCOPE_DESCRIPTIONS } from '../scopes';
import type { MachineClient, StageSettings } from '../stage-settings';

/** Cognito writes a scope as `<resource server>/<scope>`; the contract's scopes start with this. */
const RESOURCE_SERVER = 'maestro';

export interface MachineIdentityProps {
  readonly settings: StageSettings;
  /** Adds the tenant to each token before Cognito signs it. */
  readonly tokenClaims: IFunction;
}

/** A Cognito user pool that signs tokens for machine clients. */
export class MachineIdentity extends Construct {
  readonly issuer: string;
  /**
   * The clients' ids. Cognito's access tokens carry no `aud`; in that case API Gateway compares
   * `client_id` with the audience.
   */
  readonly audience: readonly string[];
  readonly tokenEndpoint: string;

  constructor(scope: Construct, id: string, props: MachineIdentityProps) {
    super(scope, id);
    const { settings } = props;
    const pool = this.pool(settings.stage);
    pool.addTrigger(
      UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG,
      props.tokenClaims,
      // Version 3 is the first that is asked about client credentials.
      LambdaVersion.V3_0,
    );
    const scopes = new Map(
      Object.entries(SCOPE_DESCRIPTIONS).map(([name, description]) => [
        name,
        new ResourceServerScope({
          scopeName: name.slice(RESOURCE_SERVER.length + 1),
          scopeDescription: description,
        }),
      ]),
    );
    const server = pool.addResourceServer('ResourceServer', {
      identifier: RESOURCE_SERVER,
      userPoolResourceServerName: 'Maestro Billing',
      scopes: [...scopes.values()],
    });
    // The account makes the prefix unique, as it has to be in a region.
    const domain = pool.addDomain('Domain', {
      cognitoDomain: { domainPrefix: `maestro-billing-${settings.stage}-${Aws.ACCOUNT_ID}` },
    });
    this.issuer = `https://cognito-idp.${Stack.of(this).region}.amazonaws.com/${pool.userPoolId}`;
    this.tokenEndpoint = `${domain.baseUrl()}/oauth2/token`;
    this.audience = settings.machineClients.map((client) => {
      const made = this.client(pool, server, client, settings.stage, scopes);
      new CfnOutput(this, `${client.name}ClientId`, {
        value: made.userPoolClientId,
        description: `Client id of ${client.name}; its secret is read with describe-user-pool-client`,
      });
      return made.userPoolClientId;
    });
    new CfnOutput(this, 'UserPoolId', { value: pool.userPoolId });
  }

  private pool(stage: string): UserPool {
    const pool = new UserPool(this, 'Pool', {
      userPoolName: `maestro-billing-${stage}`,
      // The cheapest plan whose trigger may add claims to access tokens.
      featurePlan: FeaturePlan.ESSENTIALS,
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: {
        minLength: 14,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
      },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(pool).acknowledge({
      id: 'AwsSolutions-COG8',
      reason:
        'The Plus plan adds threat protection for people who sign in; this pool has machine clients only, and threat protection does not look at client credentials.',
    });
    return pool;
  }

  private client(
    pool: UserPool,
    server: UserPoolResourceServer,
    client: MachineClient,
    stage: string,
    scopes: ReadonlyMap<string, ResourceServerScope>,
  ): UserPoolClient {
    const granted = client.scopes.map((name: Scope) => {
      const scope = scopes.get(name);
      if (scope === undefined) throw new Error(`No scope ${name} in the resource server`);
      return OAuthScope.resourceServer(server, scope);
    });
    return pool.addClient(client.name, {
      userPoolClientName: `maestro-billing-${stage}-${client.name}`,
      generateSecret: true,
      oAuth: { flows: { clientCredentials: true }, scopes: granted },
      accessTokenValidity: Duration.hours(1),
      preventUserExistenceErrors: true,
    });
  }
}
