/** Tables whose rows live in one partition per day of their id. */
export const PARTITIONED_TABLES = ['events', 'finished_deliveries', 'attempts'];
