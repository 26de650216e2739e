import { Problem } from '../common/errors/problem.js';
import type { Destination, DestinationState } from './destination.entity.js';

export const changedMeanwhile = ({ version }: Destination): Problem =>
  new Problem(
    'precondition_failed',
    `The destination has changed since you read it; it is at version "${version}" now. Read it again and repeat the change.`,
  );

export function wrongState(state: DestinationState): Problem {
  const next: Record<DestinationState, string> = {
    active: 'The destination is active.',
    paused: 'The destination is paused; resume it.',
    disabled: 'The destination is disabled; enable it.',
  };
  return new Problem('conflict', next[state]);
}
