import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../../scripts/prepare.mjs';
import { drawChart } from './chart.mjs';
import { machine } from './machine.mjs';

const FOLDER = fileURLToPath(new URL('../results/', import.meta.url));
const COLUMNS = ['id', 'what', 'measured', 'bar', 'result'];

/** Share of the machine from which on a result is not worth much. */
const DISTURBING = 0.1;

export function printTable(rows) {
  const lines = [
    COLUMNS,
    ...rows.map(({ id, what, measured, bar, isMet }) => [id, what, measured, bar, verdict(isMet)]),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  text.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  console.log(`\n${text.join('\n')}\n`);
  const judged = rows.filter(({ isMet }) => isMet !== null);
  console.log(`${judged.filter(({ isMet }) => isMet).length} of ${judged.length} bars are met.`);
}

/** Says when a measurement shared the machine with others: ratios bear some of that, latencies none. */
export function printDisturbance(rounds) {
  const disturbed = rounds.filter(({ othersShare }) => othersShare > DISTURBING);
  if (disturbed.length === 0) return;
  const worst = Math.max(...disturbed.map(({ othersShare }) => othersShare));
  const ids = [...new Set(disturbed.map(({ workload }) => workload))];
  console.log(
    `Other programs took up to ${Math.round(worst * 100)} % of this machine during ${ids.join(', ')}: measure again on a quiet one.`,
  );
}

const verdict = (isMet) => (isMet === null ? '' : isMet ? 'pass' : 'MISS');

/** @returns the files, as they are called from the top of the repository. */
export function writeResults({ rows, rounds, wanted, full, seconds }) {
  mkdirSync(FOLDER, { recursive: true });
  const name = [wanted.length > 0 ? wanted.join('-') : 'all', full ? 'full' : 'short'].join('-');
  const result = {
    date: new Date().toISOString(),
    commit: commit(),
    machine: machine(),
    set: full ? 'full' : 'short',
    seconds: Math.round(seconds),
    rows,
    rounds,
  };
  const files = [`${FOLDER}${name}.json`];
  writeFileSync(files[0], `${JSON.stringify(result, null, 1)}\n`);
  const chart = drawChart(result);
  if (wanted.length === 0 && chart) {
    files.push(`${FOLDER}chart.svg`);
    writeFileSync(files[1], chart);
  }
  return files.map((file) => relative(root, file));
}

function commit() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
  const changed = git('status', '--porcelain', '--', 'src', 'migrations', 'package-lock.json') !== '';
  return `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${changed ? ' with changes' : ''}`;
}
