/** The `Source` of every alert on the bus, by which rules and permissions know them. */
export const ALERT_EVENT_SOURCE = 'maestro.billing';
