import { useState } from 'preact/hooks';

/** What a dialog knows of the request it sends: whether it is under way, and the sentence of its failure. */
export type Sending = {
  busy: boolean;
  problem: string | undefined;
  send(request: () => Promise<unknown>): Promise<void>;
};

/** Sends one request at a time: what is pressed meanwhile sends nothing. */
export function useSending(): Sending {
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  return {
    busy: state.busy,
    problem: state.problem,
    async send(request) {
      if (state.busy) return;
      setState({ busy: true });
      try {
        await request();
        setState({ busy: false });
      } catch (error) {
        setState({ busy: false, problem: error instanceof Error ? error.message : String(error) });
      }
    },
  };
}
