import { type BodyCase, bodyCase, joined } from './case.js';

/** A document that has a bit of everything in it. */
export const SAMPLE = Buffer.from(
  '{"event_type":"user.update","timestamp":"2025-06-15T13:05:00Z",\r\n "data":{"id":-12.50e+3,"tags":["é","€","😀","\\ud83d\\ude00","\\"\\\\"],' +
    '"old":null,"ok":true,"no":false,"empty":[{},[],""]}}',
);

const INSERTED = [0x00, 0x0c, 0x22, 0x2c, 0x30, 0x3a, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x80, 0xff];

/** The sample cut at every byte: only the whole of it is a document. */
export function truncations(): BodyCase[] {
  return Array.from({ length: SAMPLE.length + 1 }, (_, length) =>
    bodyCase(SAMPLE.subarray(0, length), length === SAMPLE.length, `the first ${length} bytes of the sample`),
  );
}

/** The sample with one byte lost, doubled, foreign or turned over, at every place; the reference knows which still pass. */
export function damages(): BodyCase[] {
  const places = Array.from({ length: SAMPLE.length }, (_, at) => at);
  const around = (at: number, middle: Buffer, kept: number): Buffer =>
    joined(SAMPLE.subarray(0, at), middle, SAMPLE.subarray(at + kept));
  return places.flatMap((at) => {
    const byte = SAMPLE[at]!;
    const inserted = INSERTED[at % INSERTED.length]!;
    return [
      bodyCase(around(at, Buffer.alloc(0), 1), undefined, `without byte ${at}`),
      bodyCase(around(at, Buffer.of(byte, byte), 1), undefined, `byte ${at} twice`),
      bodyCase(around(at, Buffer.of(inserted), 0), undefined, `byte ${inserted} put in at ${at}`),
      bodyCase(
        around(at, Buffer.of(byte ^ (1 << (at % 8))), 1),
        undefined,
        `bit ${at % 8} of byte ${at} turned`,
      ),
    ];
  });
}
