import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from '../assembly/template';
import type { CloudClock } from '../clock';
import { readBody } from '../gateway/read-body';
import type { BusEvent } from './alert-routes';

/** The part of EventBridge's JSON protocol that the functions use: PutEvents. */
export interface EventsServer {
  readonly url: string;
  /** Set once the rules are known; the functions' environment holds this server's port. */
  serve(take: (bus: string, event: BusEvent) => void): void;
  stop(): Promise<void>;
}

interface Entry {
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly EventBusName?: string;
  readonly Time?: number;
}

const MOST_ENTRIES = 10;
const BODY_LIMIT_BYTES = 2 * 1024 * 1024;

interface Place {
  readonly region: string;
  readonly accountId: string;
  readonly clock: CloudClock;
}

type Take = (bus: string, event: BusEvent) => void;

/** Each entry is taken or refused by itself, as the real bus does. */
function putEntry(place: Place, take: Take, entry: Entry): object {
  const { Source, DetailType, Detail, EventBusName = 'default' } = entry;
  if (Source === undefined || DetailType === undefined || Detail === undefined) {
    return {
      ErrorCode: 'InvalidArgument',
      ErrorMessage: 'Source, DetailType and Detail are needed.',
    };
  }
  let detail: Json;
  try {
    detail = JSON.parse(Detail) as Json;
  } catch {
    return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  }
  const id = randomUUID();
  const timeMs = entry.Time === undefined ? place.clock.nowMs() : entry.Time * 1_000;
  take(EventBusName.split('/').at(-1) ?? EventBusName, {
    id,
    source: Source,
    'detail-type': DetailType,
    time: new Date(timeMs).toISOString(),
    region: place.region,
    account: place.accountId,
    detail,
  });
  return { EventId: id };
}

function perform(place: Place, take: Take, target: string, body: string): object {
  if (target !== 'AWSEvents.PutEvents') throw new Error(`${target} is not played locally.`);
  const { Entries = [] } = JSON.parse(body) as { Entries?: readonly Entry[] };
  if (Entries.length === 0 || Entries.length > MOST_ENTRIES) {
    throw new Error(`PutEvents takes 1 to ${MOST_ENTRIES} entries.`);
  }
  const results = Entries.map((entry) => putEntry(place, take, entry));
  const failed = results.filter((result) => 'ErrorCode' in result).length;
  return { FailedEntryCount: failed, Entries: results };
}

async function answer(
  place: Place,
  take: Take,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const reply = (status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(body));
  };
  try {
    const body = await readBody(request, BODY_LIMIT_BYTES);
    if (body === undefined) throw new Error('The request is too large.');
    const target = String(request.headers['x-amz-target'] ?? '');
    reply(200, perform(place, take, target, body.toString('utf8')));
  } catch (error) {
    reply(400, { __type: 'ValidationException', message: String(error) });
  }
}

/** Starts the endpoint on a free port of the loopback interface. */
export async function startEventsServer(place: Place): Promise<EventsServer> {
  let taken: Take = () => undefined;
  const server: Server = createServer((request, response) => {
    void answer(place, (bus, event) => taken(bus, event), request, response);
  });
  // The SDK keeps its sockets; closing one as a request is sent would look like a lost reply.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve(take) {
      taken = take;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
