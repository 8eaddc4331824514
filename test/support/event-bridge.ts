import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An entry of a PutEvents request, as it came over the wire. */
export interface PutEntry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
  /** Seconds since the epoch. */
  readonly Time: number;
}

/** What the bus does with one whole request. */
export type Mood = 'well' | 'failing' | 'throttling' | 'silent';

export const alertIdOf = ({ Detail }: PutEntry): string => JSON.parse(Detail).alertId;

/** A server on loopback that answers PutEvents in AWS JSON 1.1, as EventBridge does. */
export class EventBridge {
  /** The entries of each request, in the order of arrival. */
  readonly requests: PutEntry[][] = [];
  /** Alerts of which so many first tries are not taken. */
  readonly refusals = new Map<string, number>();
  /** Moods of the next requests; after them all is well. */
  readonly moods: Mood[] = [];
  private readonly server = createServer(
    (request, response) => void this.answer(request, response),
  );

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  forget(): void {
    this.requests.length = 0;
    this.moods.length = 0;
    this.refusals.clear();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const part of request) text += String(part);
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    };
    if (request.headers['x-amz-target'] !== 'AWSEvents.PutEvents') {
      return answer(400, { __type: 'UnknownOperationException' });
    }
    const { Entries } = JSON.parse(text) as { Entries: PutEntry[] };
    this.requests.push(Entries);
    switch (this.moods.shift() ?? 'well') {
      case 'well': {
        const answers = Entries.map((entry) => this.answerFor(entry));
        const failed = answers.filter((each) => 'ErrorCode' in each).length;
        return answer(200, { Entries: answers, FailedEntryCount: failed });
      }
      case 'failing':
        return answer(500, { __type: 'InternalException', message: 'not now' });
      case 'throttling':
        return answer(400, { __type: 'ThrottlingException', message: 'later' });
      case 'silent':
    }
  }

  /** The answer has an entry for each one of the request, in its order. */
  private answerFor(entry: PutEntry): object {
    const left = this.refusals.get(alertIdOf(entry)) ?? 0;
    if (left === 0) return { EventId: `event-of-${alertIdOf(entry)}` };
    this.refusals.set(alertIdOf(entry), left - 1);
    return { ErrorCode: 'ThrottlingException', ErrorMessage: 'later' };
  }
}
