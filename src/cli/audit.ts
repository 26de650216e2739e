import { type Command, InvalidArgumentError } from 'commander';
import { ChainWalk } from '../audit/audit-chain.js';
import { AuditLogService } from '../audit/audit-log.service.js';
import { withServices } from './installation.js';
import { CommandFailed, count, say, tell } from './output.js';

const DETAILS = `
Each row holds the hash of the one before, so a row that was changed, removed or put in between shows. Rows taken off the
end do not: keep the hash that this prints somewhere else and hand it back with --expect the next time.`;

const PROGRESS_MS = 1000;

export function auditCommand(program: Command): void {
  const audit = program.command('audit').description('check the audit log');
  audit
    .command('verify')
    .description('recompute the chain of hashes and say which rows were tampered with')
    .option('--expect <hash>', 'fail unless a row has this hash, printed by an earlier run', readHash)
    .addHelpText('after', DETAILS)
    .action(({ expect }: { expect?: string }) =>
      withServices((services) => verify(services.get(AuditLogService), expect)),
    );
}

function readHash(text: string): string {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError('It must be 64 hexadecimal digits.');
  return text.toLowerCase();
}

async function verify(log: AuditLogService, expected: string | undefined): Promise<void> {
  const walk = new ChainWalk();
  let isFound = expected === undefined;
  let tellAt = Date.now() + PROGRESS_MS;
  for await (const entry of log.oldestFirst()) {
    walk.step(entry);
    isFound ||= entry.hash === expected;
    if (Date.now() < tellAt) continue;
    tell(`${count(walk.rows, 'row')} so far`);
    tellAt = Date.now() + PROGRESS_MS;
  }
  const problems = [...walk.problems];
  if (!isFound)
    problems.push(`no row has the hash ${expected}: rows were taken off the end, or all were rewritten`);
  say(`${count(walk.rows, 'row')}, the last one has the hash ${walk.headHash}`);
  if (problems.length > 0) throw new CommandFailed(problems.join('\n'));
  say('The chain is whole.');
}
