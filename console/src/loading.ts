import { useCallback, useEffect, useState } from 'preact/hooks';
import { type Page, call } from './api.js';

export interface Loaded<T> {
  data: T | null;
  error: Error | null;
  reload: () => void;
}

/** What `path` answers; read again when it changes or by `reload`. */
export function useLoaded<T>(path: string): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; error: Error | null }>({ data: null, error: null });
  const [times, setTimes] = useState(0);
  useEffect(() => {
    let isWanted = true;
    call<T>('GET', path).then(
      (data) => isWanted && setState({ data, error: null }),
      (error: Error) => isWanted && setState((before) => ({ ...before, error })),
    );
    return () => void (isWanted = false);
  }, [path, times]);
  const reload = useCallback(() => setTimes((before) => before + 1), []);
  return { ...state, reload };
}

export interface LoadedList<T> {
  items: T[] | null;
  error: Error | null;
  /** Null when everything is shown. */
  more: (() => void) | null;
  reload: () => void;
}

/** A list of the API, page by page. */
export function useList<T>(path: string): LoadedList<T> {
  const first = useLoaded<Page<T>>(path);
  const [later, setLater] = useState<Page<T>[]>([]);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    setLater([]);
    setError(null);
  }, [first.data]);
  const next = (later.at(-1) ?? first.data)?.page.next ?? null;
  const more = (): void => {
    const separator = path.includes('?') ? '&' : '?';
    call<Page<T>>('GET', `${path}${separator}cursor=${encodeURIComponent(next!)}`).then(
      (page) => setLater((before) => [...before, page]),
      setError,
    );
  };
  return {
    items: first.data && [first.data, ...later].flatMap((page) => page.data),
    error: first.error ?? error,
    more: next === null ? null : more,
    reload: first.reload,
  };
}
