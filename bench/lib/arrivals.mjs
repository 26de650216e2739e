import { now } from './clock.mjs';

const COLUMNS = { seq: Uint32Array, destination: Uint32Array, attempt: Uint8Array, at: Float64Array };

/** What a receiver got, in columns: a million rows must cost neither time nor memory that disturbs. */
export class Arrivals {
  #columns = {};
  #capacity = 0;
  #length = 0;
  /** First attempts by kind of destination. */
  firsts = {};

  constructor() {
    this.#grow(1 << 16);
  }

  add({ kind, destination }, seq, attempt) {
    const index = this.#length++;
    if (index === this.#capacity) this.#grow(this.#capacity * 2);
    const columns = this.#columns;
    columns.seq[index] = seq;
    columns.destination[index] = destination;
    columns.attempt[index] = attempt;
    columns.at[index] = now();
    if (attempt === 1) this.firsts[kind] = (this.firsts[kind] ?? 0) + 1;
  }

  report() {
    const filled = Object.entries(this.#columns).map(([name, column]) => [
      name,
      column.slice(0, this.#length),
    ]);
    return Object.fromEntries(filled);
  }

  reset() {
    this.#length = 0;
    this.firsts = {};
  }

  #grow(capacity) {
    this.#capacity = capacity;
    for (const [name, Type] of Object.entries(COLUMNS)) {
      const column = new Type(capacity);
      if (this.#columns[name]) column.set(this.#columns[name]);
      this.#columns[name] = column;
    }
  }
}
