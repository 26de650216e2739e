/** How long a request may take to arrive. */
export const REQUEST_MS = 30_000;

/** How long a connection is promised to be kept for its next request. */
export const KEEP_ALIVE_SECONDS = 72;

/** When a server closes, who sends or reads a byte now and then keeps it from ending no longer than that. */
export const SLOW_CLIENTS_MS = 15_000;
