/** What was done: kept as the log is. */
export const LOG_TABLES = ['finished_deliveries', 'attempts'];

/** Tables whose rows live in one partition per day of their id. */
export const PARTITIONED_TABLES = ['events', ...LOG_TABLES];
