/** Milliseconds of the machine's monotonic clock: the same in every process, so that moments can be compared. */
export function now() {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
