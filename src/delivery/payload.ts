/**
 * The bytes of an event as they were received; where they are few and ASCII, as text with a character for each byte.
 * PostgreSQL sends text: left as it is, it is not copied into a buffer, and goes out in one write with the head.
 */
export type Payload = Buffer | string;

/** Up to 16 KiB, of which a head needs some, Node writes text without allocating memory for it. */
const MAX_TEXT_BYTES = 14 * 1024;

/** @param text decoded from UTF-8 */
export const payloadOf = (text: string): Payload =>
  text.length <= MAX_TEXT_BYTES && Buffer.byteLength(text) === text.length ? text : Buffer.from(text);
