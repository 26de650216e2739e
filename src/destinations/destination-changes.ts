import type { Caller } from '../auth/current-user.js';
import { Problem } from '../common/errors/problem.js';
import type { Destination, DestinationState } from './destination.entity.js';
import type { UpdateDestinationDto } from './destinations.dto.js';

/** What every edit of a row writes beside what it changes. */
export const edited = (caller: Caller) => ({
  version: () => 'version + 1',
  updatedBy: caller.id,
  updatedAt: () => 'now()',
});

/** What a move from state to state changes, as the audit log tells it. */
export const stateOf = ({ state, disabledReason }: Destination) => ({
  state,
  disabled_reason: disabledReason,
});

export function toColumns(body: UpdateDestinationDto) {
  return {
    url: body.url,
    httpMethod: body.http_method,
    eventTypes: body.event_types,
    description: body.description,
    maxInFlight: body.max_in_flight,
    rateLimitPerSecond: body.rate_limit_per_second,
    timeoutMs: body.timeout_ms,
  };
}

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
