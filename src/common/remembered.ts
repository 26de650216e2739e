/** A value that is costly to read: read by one caller at a time and used again for a while. */
export class Remembered<T> {
  private value: { of: T; until: number } | null = null;
  private reading: Promise<T> | null = null;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly forMs: number,
  ) {}

  get(): Promise<T> {
    if (this.value && performance.now() < this.value.until) return Promise.resolve(this.value.of);
    this.reading ??= this.read()
      .then((of) => {
        this.value = { of, until: performance.now() + this.forMs };
        return of;
      })
      .finally(() => (this.reading = null));
    return this.reading;
  }
}
