import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** A destination on a free port of this machine that compares every byte it receives with the ledger. */
export class Receiver {
  /** Ids of events that arrived as they were sent. */
  exact = new Set();
  duplicates = 0;
  corrupt = 0;

  /** @param refuse gives the status of a failure for an event id, or null to take the event. */
  constructor(name, ledger, refuse = () => null) {
    this.name = name;
    this.ledger = ledger;
    this.refuse = refuse;
    this.server = createServer((request, response) => {
      this.answer(request).then(
        (status) => response.writeHead(status).end(),
        () => response.destroy(),
      );
    });
  }

  async start() {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${this.server.address().port}/${this.name}`;
  }

  async answer(request) {
    const body = await buffer(request);
    const id = request.headers['cl-x-event-id'];
    const refusal = this.refuse(id);
    if (refusal) return refusal;
    if (!this.ledger.matches(id, body)) this.corrupt++;
    else if (this.exact.has(id)) this.duplicates++;
    else this.exact.add(id);
    return 200;
  }

  /** Ids of acknowledged events that have not arrived as they were sent. */
  missing() {
    return [...this.ledger.acknowledged].filter((id) => !this.exact.has(id));
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** Fails the first delivery of two events; a second failure of one event would cost 5 minutes by default. */
export function failTwice() {
  const failed = new Set();
  return (id) => {
    if (failed.size === 2 || failed.has(id)) return null;
    return failed.add(id).size === 1 ? 500 : 503;
  };
}
