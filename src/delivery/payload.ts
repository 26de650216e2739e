/**
 * The bytes of an event as they were received; as text where they are few and ASCII, so that each character is a byte.
 * PostgreSQL sends text: it need not be copied into a buffer then, and is written to a socket with the head of its request.
 */
export type Payload = Buffer | string;

const MAX_TEXT_BYTES = 16 * 1024;

/** @param text decoded from UTF-8 */
export const payloadOf = (text: string): Payload =>
  text.length <= MAX_TEXT_BYTES && Buffer.byteLength(text) === text.length ? text : Buffer.from(text);
