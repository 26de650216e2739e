/** A few times what a process delivers per second; half a megabyte. */
const PLACES = 65_536;
const RANDOM_DIGITS = 12;

/**
 * Which ids were seen lately, in a space that never grows: one may push another out of its place, so that what is
 * forgotten is asked for again. An id passes for another once in 2^48.
 */
export class RecentIds {
  private readonly places = new Float64Array(PLACES);

  /** @param id a UUID of version 4 or 7, which ends with 48 random bits. */
  add(id: string): void {
    const number = numberOf(id);
    this.places[number % PLACES] = number;
  }

  has(id: string): boolean {
    const number = numberOf(id);
    return this.places[number % PLACES] === number;
  }
}

const numberOf = (id: string): number => Number.parseInt(id.slice(-RANDOM_DIGITS), 16);
