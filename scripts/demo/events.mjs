/** The example of the API's first document, byte for byte. */
const FIRST_EXAMPLE = `{
  "event_type": "user.update",
  "timestamp": "2025-06-15T13:05:00Z",
  "data": {
    "user": {
      "id": "USR-123",
      "email": "test123@example.com",
      "update_type": "profile_change",
      "changes": {
        "name": {
          "old": "John Doe",
          "new": "John Smith"
        },
        "phone": {
          "old": null,
          "new": "+1234567890"
        }
      }
    },
    "metadata": {
      "source": "api",
      "version": "1.0",
      "app_id": "ff9a24e3-fe44-4d15-a049-ffa761c99a04",
      "timestamp": "2025-06-15T13:05:00Z",
      "ip_address": "192.168.1.1"
    }
  }
}`;

/** Most would not survive being parsed and written again on the way. */
const SHAPES = [
  (n) => JSON.stringify({ event_type: 'user.created', data: { id: `USR-${n}`, name: 'Zoë 🚀' } }),
  (n) =>
    JSON.stringify(
      { event_type: 'order.paid', data: { order: n, lines: [{ sku: 'A-1', units: 3 }] } },
      null,
      2,
    ),
  (n) => `{"event_type":"meter.read","data":{"meter":${n},"exact":12345678901234567890,"ratio":1.0}}`,
  (n) => `{ "event_type" : "note.added",\t"text" : "caf\\u00e9 café", "n" : ${n} }\r\n`,
  (n) => `[${n}, "a list",  null, -0, 1e2]`,
];

/** The example and `count` small events of several shapes: `{ id, body }`. */
export function makeEvents(count) {
  const others = Array.from({ length: count }, (_, index) => ({
    id: `demo-${String(index + 1).padStart(3, '0')}`,
    body: Buffer.from(SHAPES[index % SHAPES.length](index + 1)),
  }));
  return [{ id: 'demo-example', body: Buffer.from(FIRST_EXAMPLE) }, ...others];
}
