import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isAllowed, signerOf, type Permission } from '../access/permissions';
import { readBody } from '../gateway/read-body';
import type { LocalQueue } from './local-queue';

/** The parts of SQS's JSON protocol that the functions use: sending, singly and in batches. */
export interface SqsServer {
  readonly url: string;
  /** Set once the queues are known; their URLs hold this server's port, so it starts first. */
  serve(queues: readonly LocalQueue[], permissions: PermissionsBySigner): void;
  stop(): Promise<void>;
}

/** By the access key id with which a function signs; other callers may send to every queue. */
type PermissionsBySigner = Readonly<Record<string, readonly Permission[]>>;

const BIGGEST_BATCH = 10;
const BODY_LIMIT_BYTES = 2 * 1024 * 1024;

interface Served {
  readonly queues: readonly LocalQueue[];
  readonly permissions: PermissionsBySigner;
}

class SqsRefusal extends Error {
  constructor(
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

interface SendInput {
  readonly QueueUrl?: string;
  readonly MessageBody?: string;
}

interface BatchInput {
  readonly QueueUrl?: string;
  readonly Entries?: readonly { readonly Id: string; readonly MessageBody: string }[];
}

function findQueue(queues: readonly LocalQueue[], url: string | undefined): LocalQueue {
  const name = url?.split('/').at(-1);
  const queue = queues.find(({ definition }) => definition.name === name);
  if (queue === undefined) {
    throw new SqsRefusal('QueueDoesNotExist', 'The specified queue does not exist.');
  }
  return queue;
}

function send(queue: LocalQueue, body: string | undefined): object {
  if (body === undefined || body === '') {
    throw new SqsRefusal('MissingParameter', 'The request must contain MessageBody.');
  }
  const { id, bodyMd5 } = queue.send(body);
  return { MessageId: id, MD5OfMessageBody: bodyMd5 };
}

function sendBatch(queue: LocalQueue, entries: BatchInput['Entries'] = []): object {
  if (entries.length === 0) {
    throw new SqsRefusal('EmptyBatchRequest', 'The batch request has no entry.');
  }
  if (entries.length > BIGGEST_BATCH) {
    throw new SqsRefusal('TooManyEntriesInBatchRequest', 'A batch may have 10 entries at most.');
  }
  if (new Set(entries.map(({ Id }) => Id)).size !== entries.length) {
    throw new SqsRefusal('BatchEntryIdsNotDistinct', 'Two entries have the same id.');
  }
  return {
    Successful: entries.map(({ Id, MessageBody }) => ({ Id, ...send(queue, MessageBody) })),
    Failed: [],
  };
}

/** A batch needs the permission of a single message. */
function checkRole({ permissions }: Served, signer: string, { definition }: LocalQueue): void {
  const own = Object.hasOwn(permissions, signer) ? permissions[signer] : undefined;
  if (own === undefined || isAllowed(own, 'sqs:SendMessage', definition.arn)) return;
  throw new SqsRefusal(
    'AccessDenied',
    `The role of ${signer} does not allow sqs:SendMessage on ${definition.arn}`,
  );
}

function perform(served: Served, signer: string, target: string, body: string): object {
  const input = JSON.parse(body) as SendInput & BatchInput;
  const queueToSendTo = () => {
    const queue = findQueue(served.queues, input.QueueUrl);
    checkRole(served, signer, queue);
    return queue;
  };
  switch (target) {
    case 'AmazonSQS.SendMessage':
      return send(queueToSendTo(), input.MessageBody);
    case 'AmazonSQS.SendMessageBatch':
      return sendBatch(queueToSendTo(), input.Entries);
    default:
      throw new SqsRefusal('UnsupportedOperation', `${target} is not played locally.`);
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(body));
}

async function answer(
  served: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const body = await readBody(request, BODY_LIMIT_BYTES);
    if (body === undefined) throw new SqsRefusal('InvalidMessageContents', 'Too large.');
    const signer = signerOf(request.headers.authorization);
    const target = String(request.headers['x-amz-target'] ?? '');
    reply(response, 200, perform(served, signer, target, body.toString('utf8')));
  } catch (error) {
    const type = error instanceof SqsRefusal ? error.type : 'InternalFailure';
    reply(response, 400, { __type: `com.amazonaws.sqs#${type}`, message: String(error) });
  }
}

/** Starts the endpoint on a free port of the loopback interface. */
export async function startSqsServer(): Promise<SqsServer> {
  let served: Served = { queues: [], permissions: {} };
  const server: Server = createServer((request, response) => {
    void answer(served, request, response);
  });
  // The SDK keeps its sockets; closing one as a message is sent would look like a lost reply.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve(queues, permissions) {
      served = { queues, permissions };
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
