export const FILTER_BITS = 16_384;
/** A text of three characters that is nowhere then has to be looked for in a ninth of the events at most. */
const FULL_BITS = FILTER_BITS / 3;

/** Shorter texts have no run of characters that could be looked up. */
export const SHORTEST_TEXT = 3;

/**
 * A Bloom filter of every run of three and of four characters of some texts. It tells for certain that a text is not
 * in any of them; that it is has to be looked at.
 */
export class TextFilter {
  readonly bytes = Buffer.alloc(FILTER_BITS / 8);
  private bits = 0;

  get isFull(): boolean {
    return this.bits >= FULL_BITS;
  }

  add(text: string): void {
    visitBits(text, (bit) => {
      const mask = 1 << (bit & 7);
      if (this.bytes[bit >> 3]! & mask) return;
      this.bytes[bit >> 3]! |= mask;
      this.bits++;
    });
  }
}

/** The bits that every filter has which was given a text with `text` in it. */
export function bitsOf(text: string): number[] {
  const bits = new Set<number>();
  visitBits(text, (bit) => bits.add(bit));
  return [...bits];
}

function visitBits(text: string, visit: (bit: number) => void): void {
  let [first, second, third] = [0, 0, 0];
  for (let at = 0; at < text.length; at++) {
    const last = fold(text, at);
    if (at >= 2) {
      const three = mix(
        Math.imul(second, 0x9e3779b1) ^ Math.imul(third, 0x85ebca6b) ^ Math.imul(last, 0xc2b2ae35),
      );
      visit(three & (FILTER_BITS - 1));
      // Few texts have few runs of three, numbers above all, so each of these has a second bit.
      visit((three >>> 16) & (FILTER_BITS - 1));
      if (at >= 3) visit(mix(three ^ Math.imul(first, 0x27d4eb2f)) & (FILTER_BITS - 1));
    }
    [first, second, third] = [second, third, last];
  }
}

function mix(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  const whole = Math.imul(half ^ (half >>> 12), 0x297a2d39);
  return whole ^ (whole >>> 15);
}

const folded = new Map<string, number>();

/**
 * One number for all characters that ILIKE may take for the same one. More of them than it does would only have to
 * be looked at for nothing, so half a surrogate pair is like any other.
 */
function fold(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit < 128) return unit >= 65 && unit <= 90 ? unit + 32 : unit;
  if (unit >= 0xd800 && unit <= 0xdfff) return 0xd800;
  const character = text[at]!;
  let code = folded.get(character);
  if (code === undefined) {
    const upper = character.toLowerCase()[0]!.toUpperCase()[0]!;
    code = upper.toLowerCase().charCodeAt(0);
    folded.set(character, code);
  }
  return code;
}
