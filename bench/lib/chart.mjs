import { median } from './stats.mjs';

const WIDTH = 760;
const LABELS = 300;
const BAR = 18;
const GROUP = 76;
const TOP = 64;
/** Readable on white and on black. */
const TEXT = '#7d8590';
const COLOURS = {
  'C5 bare pipeline': '#9aa4af',
  product: '#2f81f7',
};
const LEGEND = 150;
const LEGEND_LEFT = 230;

/** W1 as an SVG: what was accepted and delivered per second, product and bare pipeline; null without W1. */
export function drawChart({ rounds, machine, date }) {
  const shapes = groupByShape(rounds.filter(({ workload, delivered }) => workload === 'W1' && delivered));
  if (shapes.size === 0) return null;
  const most = Math.max(...[...shapes.values()].flatMap((bars) => Object.values(bars)));
  const height = TOP + shapes.size * GROUP + 30;
  const groups = [...shapes].map(([name, bars], index) => drawGroup(name, bars, TOP + index * GROUP, most));
  const legend = Object.keys(COLOURS).map(
    (name, index) =>
      `<rect x="${LEGEND_LEFT + index * LEGEND}" y="34" width="12" height="12" fill="${COLOURS[name]}"/>` +
      text(LEGEND_LEFT + index * LEGEND + 18, 44, name),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13" fill="${TEXT}" role="img">`,
    `<title>Events accepted and delivered per second</title>`,
    text(0, 18, 'Events accepted and delivered per second (1 KB, one destination)', 'font-weight="600"'),
    ...legend,
    ...groups,
    text(
      0,
      height - 8,
      `${machine.cores} cores, Node ${machine.node}, ${date.slice(0, 10)}`,
      'font-size="11"',
    ),
    '</svg>\n',
  ].join('\n');
}

/** The median of each contender, by shape. */
function groupByShape(rounds) {
  const all = new Map();
  for (const { name, delivered } of rounds) all.set(name, [...(all.get(name) ?? []), delivered]);
  const shapes = new Map();
  for (const [name, values] of all) {
    const [contender, shape] = name.split(': ');
    shapes.set(shape, { ...shapes.get(shape), [contender]: median(values) });
  }
  return shapes;
}

function drawGroup(name, bars, top, most) {
  const lines = Object.entries(bars).map(([contender, value], index) => {
    const width = Math.max(1, Math.round((value / most) * (WIDTH - LABELS - 70)));
    const y = top + index * (BAR + 2);
    return (
      `<rect x="${LABELS}" y="${y}" width="${width}" height="${BAR}" rx="2" fill="${COLOURS[contender]}"/>` +
      text(LABELS + width + 6, y + 14, Math.round(value).toLocaleString('en'))
    );
  });
  return [text(0, top + BAR + 5, name), ...lines].join('\n');
}

const text = (x, y, content, more = '') => `<text x="${x}" y="${y}" ${more}>${content}</text>`;
