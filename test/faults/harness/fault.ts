import type { Expected, Verdict } from './oracle.js';
import { judge } from './oracle.js';
import { Random } from './random.js';
import { Rig, type RigOptions } from './rig.js';
import { Round, type RoundOptions } from './round.js';

/** How long and how exactly: what a person runs, or what every commit runs on a busy machine. */
export interface Scale {
  /** Repeats what is random so often. */
  times: number;
  /** Added to every limit of time. */
  slackMs: number;
  isShort: boolean;
}

export const full: Scale = { times: 5, slackMs: 1000, isShort: false };
export const short: Scale = { times: 1, slackMs: 5000, isShort: true };

export interface Fault {
  /** F1 and so on, as in the list of faults. */
  id: string;
  title: string;
  rig?: RigOptions;
  round?: RoundOptions;
  /** Does it under load; what it returns is what the oracle may find. */
  run(round: Round, scale: Scale): Promise<Expected>;
}

export interface RunOptions {
  seed: number;
  scale: Scale;
  /** Used instead of one of its own, and left running. */
  rig?: Rig;
  /** How long the drain may take. */
  drainMs?: number;
  onRound?: (round: Round) => void;
}

/** Runs a fault from a quiet start to the drain and judges it. */
export async function runFault(fault: Fault, options: RunOptions): Promise<Verdict & { notes: string[] }> {
  const rig = options.rig ?? (await Rig.start(fault.rig));
  try {
    const random = new Random(options.seed).fork(fault.id);
    const round = await Round.open(rig, random, fault.round);
    options.onRound?.(round);
    const expected = await fault.run(round, options.scale);
    await rig.becomesReady();
    await round.drain(options.drainMs);
    const verdict = await judge(round, expected);
    await round.producer.close();
    return { ...verdict, notes: round.notes };
  } finally {
    if (!options.rig) await rig.stop();
  }
}
