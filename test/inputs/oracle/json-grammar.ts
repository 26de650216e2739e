/**
 * The reference: whether the gateway must take `bytes`, which is when they are one JSON document (RFC 8259) in
 * UTF-8 (RFC 3629) without a byte order mark, an object or an array, nested at most `maxDepth` deep.
 * Written from the two grammars; it shares nothing with the code it judges.
 */
export function isAcceptable(bytes: Uint8Array, maxDepth = 200): boolean {
  try {
    return new Reader(bytes, maxDepth).isDocument();
  } catch (error) {
    if (error === REFUSED) return false;
    throw error;
  }
}

const REFUSED = Symbol('not in the grammar');
const code = (character: string): number => character.charCodeAt(0);
const WHITE_SPACE = new Set([' ', '\t', '\n', '\r'].map(code));
const SIMPLE_ESCAPES = new Set('"\\/bfnrt'.split('').map(code));

/** The rows of RFC 3629, section 4: first bytes, then the range of each byte that follows. */
const TAIL: [number, number] = [0x80, 0xbf];
const UTF8_ROWS: [first: [number, number], ...rest: [number, number][]][] = [
  [[0xc2, 0xdf], TAIL],
  [[0xe0, 0xe0], [0xa0, 0xbf], TAIL],
  [[0xe1, 0xec], TAIL, TAIL],
  [[0xed, 0xed], [0x80, 0x9f], TAIL],
  [[0xee, 0xef], TAIL, TAIL],
  [[0xf0, 0xf0], [0x90, 0xbf], TAIL, TAIL],
  [[0xf1, 0xf3], TAIL, TAIL, TAIL],
  [[0xf4, 0xf4], [0x80, 0x8f], TAIL, TAIL],
];

const isIn = (byte: number | undefined, [from, to]: [number, number]): boolean =>
  byte !== undefined && byte >= from && byte <= to;

class Reader {
  private at = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly maxDepth: number,
  ) {}

  isDocument(): boolean {
    this.skipWhiteSpace();
    const isContainer = this.next() === code('{') || this.next() === code('[');
    this.readValue(0);
    this.skipWhiteSpace();
    return isContainer && this.at === this.bytes.length;
  }

  private readValue(depth: number): void {
    switch (this.next()) {
      case code('{'):
        return this.readList('}', depth + 1, () => {
          this.readString();
          this.skipWhiteSpace();
          this.expect(':');
          this.skipWhiteSpace();
          this.readValue(depth + 1);
        });
      case code('['):
        return this.readList(']', depth + 1, () => this.readValue(depth + 1));
      case code('"'):
        return this.readString();
      case code('t'):
        return this.expect('true');
      case code('f'):
        return this.expect('false');
      case code('n'):
        return this.expect('null');
      default:
        return this.readNumber();
    }
  }

  private readList(end: string, depth: number, readItem: () => void): void {
    if (depth > this.maxDepth) throw REFUSED;
    this.at++;
    this.skipWhiteSpace();
    if (this.take(end)) return;
    for (;;) {
      readItem();
      this.skipWhiteSpace();
      if (this.take(end)) return;
      this.expect(',');
      this.skipWhiteSpace();
    }
  }

  private readNumber(): void {
    this.take('-');
    if (!this.take('0')) this.readDigits();
    if (this.take('.')) this.readDigits();
    if (!this.take('e') && !this.take('E')) return;
    if (!this.take('+')) this.take('-');
    this.readDigits();
  }

  private readDigits(): void {
    const start = this.at;
    while (isIn(this.next(), [code('0'), code('9')])) this.at++;
    if (this.at === start) throw REFUSED;
  }

  private readString(): void {
    this.expect('"');
    while (!this.take('"')) {
      const byte = this.next();
      if (byte === undefined || byte < 0x20) throw REFUSED;
      if (byte === code('\\')) this.readEscape();
      else if (byte < 0x80) this.at++;
      else this.readUtf8();
    }
  }

  private readEscape(): void {
    this.at++;
    const kind = this.bytes[this.at++];
    if (kind === undefined) throw REFUSED;
    if (SIMPLE_ESCAPES.has(kind)) return;
    if (kind !== code('u')) throw REFUSED;
    for (let digits = 0; digits < 4; digits++)
      if (!/[0-9a-f]/i.test(String.fromCharCode(this.bytes[this.at++] ?? 0))) throw REFUSED;
  }

  private readUtf8(): void {
    const row = UTF8_ROWS.find(([first]) => isIn(this.next(), first));
    if (!row?.every((range, index) => isIn(this.bytes[this.at + index], range))) throw REFUSED;
    this.at += row.length;
  }

  private skipWhiteSpace(): void {
    while (WHITE_SPACE.has(this.next() ?? 0)) this.at++;
  }

  private next(): number | undefined {
    return this.bytes[this.at];
  }

  private take(character: string): boolean {
    if (this.next() !== code(character)) return false;
    this.at++;
    return true;
  }

  private expect(text: string): void {
    for (const character of text) if (!this.take(character)) throw REFUSED;
  }
}
