/**
 * How a recovery leaves room for what is accepted meanwhile: a destination is given more only as long as fewer
 * deliveries than it has places are due to it soon, whatever made them, and not more often than this.
 */
export const PAGE_EVERY_MS = 100;
export const DUE_SOON_SECONDS = 60;
