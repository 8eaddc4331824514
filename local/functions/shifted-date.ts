/**
 * Makes `Date` tell a time that is `offsetMs` from the machine's. To be called before a bundle is
 * loaded; the bundle knows nothing of it. Dates made from a value are left as they are, and
 * `instanceof Date` holds for all, since the prototype is the real one.
 */
export function shiftDate(offsetMs: number): void {
  const RealDate = globalThis.Date;
  const now = () => RealDate.now() + offsetMs;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, values: unknown[], newTarget) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget) as Date,
    apply: () => new RealDate(now()).toString(),
    get: (target, property, receiver) =>
      property === 'now' ? now : (Reflect.get(target, property, receiver) as unknown),
  });
}
