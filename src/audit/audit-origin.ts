import { AsyncLocalStorage } from 'node:async_hooks';

export const vias = ['session', 'api_key', 'public', 'cli', 'system'] as const;
/** public: nobody is signed in, as at a registration. system: the product itself. */
export type Via = (typeof vias)[number];

export interface Actor {
  id: string;
  email: string;
}

/** Where a change comes from. */
export interface Origin {
  /** The operationId of the API, or the name of a command. */
  action: string;
  via: Via;
  actor: Actor | null;
  /** What the actor's request came with; null in a session. */
  apiKeyId: string | null;
  requestId: string | null;
  ip: string | null;
}

const origins = new AsyncLocalStorage<Origin>();

/** Runs `work`, and whatever it starts, as of `origin`. */
export function withOrigin<T>(origin: Origin, work: () => T): T {
  return origins.run(origin, work);
}

/** Undefined where the product does something by itself. */
export function currentOrigin(): Origin | undefined {
  return origins.getStore();
}

export const fromCli = (action: string): Origin => ({
  action,
  via: 'cli',
  actor: null,
  apiKeyId: null,
  requestId: null,
  ip: null,
});
