import { seededRandom } from './stats.mjs';

/** Ten digits at a fixed place of every body and event id, by which events are told apart. */
export const SEQUENCE = '0000000000';
/** Where they are in a body. */
export const SEQUENCE_AT = '{"seq":"'.length;

const random = seededRandom(1);
const word = (length) =>
  Array.from({ length }, () => 'abcdefghijklmnopqrstuvwxyz'[Math.floor(random() * 26)]).join('');
const number = (below) => Math.floor(random() * below);

/** An event of about 1 KB with nested data that does not compress to nothing. */
export function userUpdate() {
  const changes = Array.from({ length: 9 }, () => ({ field: word(10), from: word(20), to: word(20) }));
  return body(
    'user.update',
    { id: word(20), email: `${word(12)}@example.com`, city: word(9), changes },
    1000,
  );
}

/** An order of about 6 KB. */
export function order() {
  const lines = Array.from({ length: 44 }, () => ({
    sku: word(12),
    title: word(40),
    quantity: number(9),
    price: { amount: number(10_000), currency: 'EUR' },
  }));
  return body('order.created', { id: word(20), customer: word(20), lines }, 6000);
}

function body(type, data, bytes) {
  const text = JSON.stringify({ seq: SEQUENCE, event_type: type, data: { ...data, note: '' } });
  return text.replace('"note":""', `"note":"${word(Math.max(0, bytes - text.length))}"`);
}
