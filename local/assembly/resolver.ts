import { StartFault } from '../start-fault';
import type { Json, JsonObject, Resource, Stack } from './template';

/** What the cloud would know only after a deployment. */
export interface Place {
  readonly region: string;
  readonly accountId: string;
  /** Base of the queues' URLs, without a slash at the end. */
  readonly queueBaseUrl: string;
  /** What stands in for the HTTP API's own address. */
  readonly apiUrl: string;
}

/** The property that carries a resource's physical name, by type. */
const NAME_PROPERTY: Record<string, string> = {
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Scheduler::Schedule': 'Name',
  'AWS::Events::EventBus': 'Name',
  'AWS::Events::Rule': 'Name',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::Logs::LogGroup': 'LogGroupName',
};

/** What follows `arn:<partition>:`, by type. */
const ARN_TAIL: Record<string, (name: string, place: Place) => string> = {
  'AWS::Lambda::Function': (name, at) => `lambda:${at.region}:${at.accountId}:function:${name}`,
  'AWS::DynamoDB::Table': (name, at) => `dynamodb:${at.region}:${at.accountId}:table/${name}`,
  'AWS::DynamoDB::GlobalTable': (name, at) => `dynamodb:${at.region}:${at.accountId}:table/${name}`,
  'AWS::SQS::Queue': (name, at) => `sqs:${at.region}:${at.accountId}:${name}`,
  'AWS::Scheduler::Schedule': (name, at) =>
    `scheduler:${at.region}:${at.accountId}:schedule/default/${name}`,
  'AWS::Events::EventBus': (name, at) => `events:${at.region}:${at.accountId}:event-bus/${name}`,
  'AWS::S3::Bucket': (name) => `s3:::${name}`,
};

/** Types whose id is made by the service: the logical id serves as well, since only we read it. */
const OPAQUE_ID = /^AWS::ApiGatewayV2::/;

/**
 * Works out the intrinsic functions of synthesized templates, across stacks, as a deployment to
 * `place` would. What it does not know is a StartFault that names it, never a silent guess.
 */
export class Resolver {
  private readonly exports = new Map<string, { stack: Stack; value: Json }>();

  constructor(
    readonly stacks: readonly Stack[],
    readonly place: Place,
  ) {
    for (const stack of stacks) {
      for (const output of Object.values(stack.outputs)) {
        if (output.Export === undefined) continue;
        const name = this.text(output.Export.Name, stack);
        this.exports.set(name, { stack, value: output.Value });
      }
    }
  }

  /** Every intrinsic inside `value` replaced by what it stands for. */
  resolve(value: Json | undefined, stack: Stack): Json | undefined {
    if (Array.isArray(value)) return value.map((item) => this.resolve(item, stack) ?? null);
    if (typeof value !== 'object' || value === null) return value;
    const [key, ...others] = Object.keys(value);
    if (key !== undefined && others.length === 0 && (key === 'Ref' || key.startsWith('Fn::'))) {
      return this.intrinsic(key, value[key] ?? null, stack);
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, this.resolve(inner, stack)]),
    );
  }

  /** As resolve, where only a text makes sense. */
  text(value: Json | undefined, stack: Stack): string {
    const resolved = this.resolve(value, stack);
    if (typeof resolved === 'string') return resolved;
    if (typeof resolved === 'number' || typeof resolved === 'boolean') return String(resolved);
    throw this.unknown(value, stack);
  }

  /** As resolve, where only an object makes sense; absent properties give an empty one. */
  properties(resource: Resource, stack: Stack): JsonObject {
    return this.resolve(resource.Properties ?? {}, stack) as JsonObject;
  }

  physicalName(stack: Stack, logicalId: string): string {
    const resource = stack.resources[logicalId];
    if (resource === undefined) throw this.unknown({ Ref: logicalId }, stack);
    const property = NAME_PROPERTY[resource.Type];
    const name = property === undefined ? undefined : resource.Properties?.[property];
    return name === undefined ? logicalId : this.text(name, stack);
  }

  private intrinsic(key: string, argument: Json, stack: Stack): Json | undefined {
    switch (key) {
      case 'Ref':
        return this.reference(String(argument), stack);
      case 'Fn::GetAtt': {
        const parts = Array.isArray(argument) ? argument : String(argument).split('.');
        return this.attribute(String(parts[0]), parts.slice(1).map(String).join('.'), stack);
      }
      case 'Fn::Join': {
        const [separator, parts] = argument as [string, Json[]];
        return parts.map((part) => this.text(part, stack)).join(separator);
      }
      case 'Fn::Sub':
        return this.substitute(argument, stack);
      case 'Fn::ImportValue': {
        const found = this.exports.get(this.text(argument, stack));
        if (found === undefined) throw this.unknown({ [key]: argument }, stack);
        return this.resolve(found.value, found.stack);
      }
      case 'Fn::Select': {
        const [index, list] = argument as [number | string, Json];
        return (this.resolve(list, stack) as Json[])[Number(index)];
      }
      case 'Fn::Split': {
        const [separator, whole] = argument as [string, Json];
        return this.text(whole, stack).split(separator);
      }
      default:
        throw this.unknown({ [key]: argument }, stack);
    }
  }

  private substitute(argument: Json, stack: Stack): string {
    const [pattern, values] = Array.isArray(argument)
      ? [String(argument[0]), (argument[1] ?? {}) as JsonObject]
      : [String(argument), {} as JsonObject];
    return pattern.replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal !== '') return `\${${name}}`;
      if (Object.hasOwn(values, name)) return this.text(values[name], stack);
      return name.includes('.')
        ? this.text({ 'Fn::GetAtt': name }, stack)
        : this.text({ Ref: name }, stack);
    });
  }

  private reference(name: string, stack: Stack): string {
    switch (name) {
      case 'AWS::Region':
        return this.place.region;
      case 'AWS::AccountId':
        return this.place.accountId;
      case 'AWS::Partition':
        return 'aws';
      case 'AWS::URLSuffix':
        return 'amazonaws.com';
      case 'AWS::StackName':
        return stack.name;
    }
    const resource = stack.resources[name];
    if (resource === undefined) throw this.unknown({ Ref: name }, stack);
    if (resource.Type === 'AWS::SQS::Queue') {
      const queue = this.physicalName(stack, name);
      return `${this.place.queueBaseUrl}/${this.place.accountId}/${queue}`;
    }
    if (!(resource.Type in NAME_PROPERTY) && !OPAQUE_ID.test(resource.Type)) {
      throw this.unknown({ Ref: name }, stack);
    }
    return this.physicalName(stack, name);
  }

  private attribute(name: string, attribute: string, stack: Stack): string {
    const type = stack.resources[name]?.Type ?? '';
    const tail = ARN_TAIL[type];
    if (attribute === 'Arn' && tail !== undefined) {
      return `arn:aws:${tail(this.physicalName(stack, name), this.place)}`;
    }
    if (type === 'AWS::SQS::Queue' && attribute === 'QueueUrl') return this.reference(name, stack);
    if (type === 'AWS::SQS::Queue' && attribute === 'QueueName') {
      return this.physicalName(stack, name);
    }
    if (type === 'AWS::ApiGatewayV2::Api' && attribute === 'ApiEndpoint') return this.place.apiUrl;
    throw this.unknown({ 'Fn::GetAtt': [name, attribute] }, stack);
  }

  private unknown(value: Json | undefined, stack: Stack): StartFault {
    return new StartFault(
      `The local cloud cannot tell what ${JSON.stringify(value)} of stack ${stack.id} stands for.`,
    );
  }
}
