import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, getJson } from './fetch.ts';
import { connection, live } from './live.ts';

export type Resource<T> = {
  data: T | undefined;
  error: ApiError | undefined;
  /** Nothing was read yet. */
  loading: boolean;
  reload(): void;
};

export type ResourceOptions<T> = {
  live?: boolean;
  /** @default reads a document */
  read?: (path: string) => Promise<T>;
};

/**
 * Reads a document of the server, with what was read before shown meanwhile; `undefined` as a path reads nothing. With `live` it is read again whenever the
 * status was, one reading at a time, and not while the tab is hidden.
 */
export function useResource<T>(path: string | undefined, options: ResourceOptions<T> = {}): Resource<T> {
  const [state, setState] = useState<{ path?: string; data?: T; error?: ApiError }>({});
  const [asked, setAsked] = useState(0);
  const busy = useRef<string | undefined>(undefined);
  const latestAsked = useRef(asked);
  latestAsked.current = asked;
  // Reading the signal here has the component follow it.
  const tick = options.live ? live.value?.at : undefined;
  const isUp = connection.value !== 'lost';
  // `tick`, `asked` and `isUp` are what has it read again.
  useEffect(() => {
    if (path === undefined || busy.current === path) return;
    busy.current = path;
    (options.read ?? getJson<T>)(path)
      .then((data) => ({ path, data }))
      .catch((error: unknown) => ({
        path,
        error: error instanceof ApiError ? error : new ApiError(0, String(error)),
      }))
      .then((next) => {
        // Of a page that was left meanwhile.
        if (busy.current !== path) return;
        busy.current = undefined;
        // Asked for again meanwhile: what was read may be older than that.
        if (latestAsked.current !== asked) setAsked((count) => count + 1);
        setState((before) => ('data' in next || before.path !== path ? next : { ...before, ...next }));
      });
  }, [path, tick, asked, isUp]);
  const current = state.path === path ? state : {};
  return {
    data: current.data,
    error: current.error,
    loading: path !== undefined && current.data === undefined && current.error === undefined,
    reload: () => setAsked((count) => count + 1),
  };
}
