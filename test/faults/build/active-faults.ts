import type { FaultPlace } from '../../../src/common/fault-injection.js';

/** What a process does at the n-th pass of a place from now on. */
export interface Charge {
  place: FaultPlace;
  action: 'kill' | 'delay' | 'block' | 'throw';
  /** 1 is the next pass. */
  pass: number;
  /** How long to delay or block, or to wait before the kill while the process goes on. */
  ms?: number;
}

const charges = new Map<FaultPlace, Charge>();

/** Takes the place of src/common/fault-injection.ts in the test build. */
export function failpoint(place: FaultPlace): Promise<void> | undefined {
  const charge = charges.get(place);
  if (!charge || --charge.pass > 0) return undefined;
  charges.delete(place);
  process.send?.({ hit: place });
  return act(charge);
}

function act({ action, place, ms = 0 }: Charge): Promise<void> | undefined {
  if (action === 'throw') throw new Error(`a test made ${place} fail`);
  if (action === 'delay') return new Promise((resolve) => setTimeout(resolve, ms));
  if (action === 'block') block(ms);
  else if (ms > 0) setTimeout(die, ms);
  else die();
  return undefined;
}

/** The event loop stands still, as under a long computation or in a machine that was paused. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** A machine whose clock is wrong. Timers and performance.now() go on as they are, as they do there. */
function shiftClock(ms: number): void {
  const Real = Date;
  class ShiftedDate extends Real {
    constructor(...args: [] | [number | string | Date]) {
      if (args.length === 0) super(Real.now() + ms);
      else super(args[0]);
    }
    static override now(): number {
      return Real.now() + ms;
    }
  }
  globalThis.Date = ShiftedDate as DateConstructor;
}

const clockOffsetMs = Number(process.env.FAULT_CLOCK_OFFSET_MS ?? 0);
if (clockOffsetMs !== 0) shiftClock(clockOffsetMs);

process.on('message', (charge: Charge | { block: number }) => {
  if ('block' in charge) return block(charge.block);
  charges.set(charge.place, charge);
  process.send?.({ armed: charge.place });
});
process.channel?.unref();
