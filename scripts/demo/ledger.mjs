import { createHash } from 'node:crypto';

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** What was sent and what the server has acknowledged, by event id: the measure of "lost". */
export class Ledger {
  acknowledged = new Set();
  #digests = new Map();

  constructor(events) {
    for (const { id, body } of events) this.#digests.set(id, sha256(body));
  }

  matches(id, bytes) {
    return this.#digests.get(id) === sha256(bytes);
  }
}
