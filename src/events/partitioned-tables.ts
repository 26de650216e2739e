/** What was done: kept as the log is. */
export const LOG_TABLES = ['finished_deliveries', 'attempts'];

/** What was received, and what finds it: kept as bodies are. */
export const BODY_TABLES = ['events', 'search_blocks'];

/** Tables whose rows live in one partition per day of their id. */
export const PARTITIONED_TABLES = [...BODY_TABLES, ...LOG_TABLES];
