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

export function printTable(rows, rounds) {
  const disturbed = new Set(
    rounds.filter(({ othersShare }) => othersShare > DISTURBING).map(({ workload }) => workload),
  );
  const verdict = ({ id, isMet }) =>
    isMet === null ? '' : `${isMet ? 'pass' : 'MISS'}${disturbed.has(id) ? ' ?' : ''}`;
  const lines = [
    COLUMNS,
    ...rows.map((each) => [each.id, each.what, each.measured, each.bar, verdict(each)]),
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
  if (disturbed.size === 0) return;
  const most = Math.max(...rounds.map(({ othersShare }) => othersShare || 0));
  console.log(
    `Other programs took up to ${Math.round(most * 100)} % of this machine: what has a ? is to be measured again on a quiet one.`,
  );
}

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
