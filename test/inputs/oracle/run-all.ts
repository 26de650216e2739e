/**
 * Runs `check` on all cases, many at a time, and returns what it found wrong: a line for each case that is not
 * as it should be. An exception is a finding too.
 */
export async function runAll<T extends { name: string }>(
  cases: T[],
  check: (one: T, index: number) => Promise<string[]>,
  atOnce = 32,
): Promise<string[]> {
  const findings: string[] = [];
  const entries = cases.entries();
  const work = async (): Promise<void> => {
    for (const [index, one] of entries) {
      const faults = await check(one, index).catch((error: unknown) => [`the call failed: ${String(error)}`]);
      findings.push(...faults.map((fault) => `${one.name}: ${fault}`));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return findings;
}
