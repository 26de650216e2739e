/**
 * One-dimensional arrays in PostgreSQL's binary wire format, as parameters of statements that carry whole batches.
 * node-postgres would send them as text: twice the bytes for `bytea`, and escaping and parsing on both ends.
 * Format: array_recv in PostgreSQL's src/backend/utils/adt/arrayfuncs.c; big-endian throughout.
 */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;

/** Object ids of the element types, fixed in PostgreSQL's catalogue. */
const OID = { bool: 16, bytea: 17, int4: 23, text: 25, uuid: 2950 };

interface Element<T> {
  oid: number;
  sizeOf: (value: T) => number;
  /** Writes exactly `sizeOf(value)` bytes. */
  write: (target: Buffer, at: number, value: T) => void;
}

/** A parameter in the binary format, written where it is needed. */
export interface BinaryParameter {
  readonly bytes: number;
  /** Writes exactly `bytes` bytes. */
  write(target: Buffer, start: number): void;
  /** What node-postgres sends of it. */
  toPostgres(): Buffer;
}

class ArrayParameter<T> implements BinaryParameter {
  readonly bytes: number;
  private hasNull = 0;

  constructor(
    private readonly element: Element<T>,
    private readonly values: readonly (T | null)[],
  ) {
    let bytes = HEADER_BYTES + values.length * LENGTH_BYTES;
    for (const value of values)
      if (value === null) this.hasNull = 1;
      else bytes += element.sizeOf(value);
    this.bytes = bytes;
  }

  write(target: Buffer, start: number): void {
    const { element, values } = this;
    target.writeInt32BE(1, start);
    target.writeInt32BE(this.hasNull, start + 4);
    target.writeInt32BE(element.oid, start + 8);
    target.writeInt32BE(values.length, start + 12);
    target.writeInt32BE(1, start + 16);
    let at = start + HEADER_BYTES;
    for (const value of values) {
      const length = value === null ? NULL_LENGTH : element.sizeOf(value);
      at = target.writeInt32BE(length, at);
      if (value === null) continue;
      element.write(target, at, value);
      at += length;
    }
  }

  toPostgres(): Buffer {
    const target = Buffer.allocUnsafe(this.bytes);
    this.write(target, 0);
    return target;
  }
}

const encoder =
  <T>(element: Element<T>) =>
  (values: readonly (T | null)[]): BinaryParameter =>
    new ArrayParameter(element, values);

export const boolArray = encoder<boolean>({
  oid: OID.bool,
  sizeOf: () => 1,
  write: (target, at, value) => target.writeUInt8(value ? 1 : 0, at),
});

export const byteaArray = encoder<Buffer>({
  oid: OID.bytea,
  sizeOf: (value) => value.length,
  write: (target, at, value) => value.copy(target, at),
});

export const intArray = encoder<number>({
  oid: OID.int4,
  sizeOf: () => 4,
  write: (target, at, value) => target.writeInt32BE(value, at),
});

export const textArray = encoder<string>({
  oid: OID.text,
  sizeOf: (value) => Buffer.byteLength(value),
  write: (target, at, value) => target.write(value, at),
});

export const uuidArray = encoder<string>({ oid: OID.uuid, sizeOf: () => 16, write: writeUuid });

const DASH = 0x2d;
const NIBBLES = Uint8Array.from({ length: 128 }, (_, code) => Number.parseInt(String.fromCharCode(code), 16));

/** Ids of ours and of the database only: lower-case hexadecimal with dashes. */
function writeUuid(target: Buffer, at: number, text: string): void {
  let high = -1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DASH) continue;
    const nibble = NIBBLES[code]!;
    if (high < 0) high = nibble;
    else {
      target[at++] = (high << 4) | nibble;
      high = -1;
    }
  }
}
