const TTY_PERIOD_MS = 100;
const LINE_PERIOD_MS = 1000;

/** Keeps one line up to date on a terminal, writes one a second elsewhere. @returns what ends it. */
export function showProgress(describe) {
  const { isTTY } = process.stdout;
  // A line that wraps could not be written over.
  const cut = (line) => line.slice(0, process.stdout.columns - 1);
  const show = () => process.stdout.write(isTTY ? `\r${cut(describe())}\x1b[K` : `${describe()}\n`);
  const timer = setInterval(show, isTTY ? TTY_PERIOD_MS : LINE_PERIOD_MS);
  return () => {
    clearInterval(timer);
    show();
    if (isTTY) process.stdout.write('\n');
  };
}

/** What the log says of each destination beside what its receiver saw. */
export function summarise(log, ledger, receivers) {
  return receivers.map((receiver) => {
    const entries = log.filter((entry) => entry.destination_id === receiver.destinationId);
    return {
      destination: receiver.name,
      accepted: ledger.acknowledged.size,
      delivered: entries.filter(({ status }) => status === 'success').length,
      attempts: sum(entries, 'attempts'),
      duplicates: receiver.duplicates,
      corrupt: receiver.corrupt,
      lost: receiver.missing().length,
    };
  });
}

export function formatTable(rows) {
  const lines = [Object.keys(rows[0]), ...rows.map((row) => Object.values(row).map(String))];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const pad = (cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]));
  return lines.map((line) => line.map(pad).join('  ')).join('\n');
}

export function formatTotals(rows) {
  const total = (column) => `${sum(rows, column)} ${column}`;
  const counts = ['delivered', 'attempts', 'duplicates', 'corrupt'].map(total);
  return [`${rows[0].accepted} accepted`, ...counts, `lost ${sum(rows, 'lost')}`].join(', ');
}

export const sum = (rows, column) => rows.reduce((total, row) => total + row[column], 0);
