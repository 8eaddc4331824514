import { CloudClock } from '../../../local/clock';
import { LocalQueue, type Departure } from '../../../local/queues/local-queue';

function queueWith(maxReceiveCount: number): { queue: LocalQueue; departures: Departure[] } {
  const queue = new LocalQueue({ name: 'q', arn: 'arn:q', maxReceiveCount }, new CloudClock(0));
  const departures: Departure[] = [];
  queue.onDeparture((departure) => departures.push(departure));
  return { queue, departures };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('a queue', () => {
  it('hands every message to one receiver alone', () => {
    const { queue } = queueWith(3);
    for (const body of ['a', 'b', 'c']) queue.send(body);
    expect(queue.receive(2).map(({ body }) => body)).toEqual(['a', 'b']);
    expect(queue.receive(2).map(({ body }) => body)).toEqual(['c']);
    expect(queue.receive(2)).toEqual([]);
  });

  it('brings a failed message back, and gives it up after so many receives', () => {
    const { queue, departures } = queueWith(3);
    queue.send('a');
    for (const count of [1, 2, 3]) {
      const [message] = queue.receive(1);
      expect(message?.receiveCount).toBe(count);
      queue.failed(message!, 'broken');
      expect(queue.receive(1)).toEqual([]);
      jest.advanceTimersByTime(5_000);
    }
    expect(queue.receive(1)).toEqual([]);
    expect(departures).toMatchObject([{ kind: 'dead', reason: 'broken', message: { body: 'a' } }]);
  });

  it('is idle once nothing waits, is in hand, or comes back', async () => {
    const { queue } = queueWith(3);
    await queue.whenIdle();
    queue.send('a');
    let isIdle = false;
    const idle = queue.whenIdle().then(() => (isIdle = true));
    queue.failed(queue.receive(1)[0]!, 'broken');
    jest.advanceTimersByTime(5_000);
    await Promise.resolve();
    expect(isIdle).toBe(false);
    queue.handled(queue.receive(1)[0]!);
    await idle;
  });
});
