/**
 * Puts the sample alerts on a bus with the functions' own adapter and prints them as JSON. The SDK
 * is pointed to an endpoint by AWS_ENDPOINT_URL_EVENTBRIDGE: `put-sample-alerts.ts BUS`.
 */
import { createAlertBus, detailOf } from '../../lambdas/adapters/eventbridge/alert-bus';
import { sampleAlerts } from '../support/sample-alerts';

async function main(): Promise<void> {
  const bus = process.argv[2];
  if (bus === undefined) throw new Error('which bus?');
  const alerts = await sampleAlerts();
  const adapter = createAlertBus(bus);
  for (const alert of alerts) {
    // One at a time: moto is slow, and the adapter's patience short.
    const taken = await adapter.send([alert]);
    if (taken.length !== 1) throw new Error(`${bus} did not take ${alert.type}`);
  }
  console.log(
    JSON.stringify(alerts.map((alert) => ({ type: alert.type, detail: detailOf(alert) }))),
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
