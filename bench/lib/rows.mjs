/** A line of the table: what was measured, and the bar it has to meet; without one it only informs. */
export function row(id, what, value, bar = null, unit = '') {
  const isMet = bar ? bar.isMet(value) : null;
  return {
    id,
    what,
    measured: withUnit(value, unit),
    value,
    bar: bar ? withUnit(bar.text, unit) : '',
    isMet,
  };
}

export const atMost = (limit) => ({ text: `≤ ${format(limit)}`, isMet: (value) => value <= limit });
export const atLeast = (limit) => ({ text: `≥ ${format(limit)}`, isMet: (value) => value >= limit });

const withUnit = (value, unit) => `${typeof value === 'number' ? format(value) : value}${unit && ` ${unit}`}`;

export function format(number) {
  if (!Number.isFinite(number)) return 'not known';
  const digits = Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : Math.abs(number) >= 1 ? 2 : 3;
  return Number(number.toFixed(digits)).toLocaleString('en');
}
