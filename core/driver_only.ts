/** What works on the driver only, a context or a dataset, has this property: what it is, in words. */
export const DRIVER_ONLY: unique symbol = Symbol.for("flint.driverOnly");

/** What a driver's object is, such as `an RDD`; undefined for every other value. */
export function driverOnly(value: object): string | undefined {
  return (value as { [DRIVER_ONLY]?: string })[DRIVER_ONLY];
}
