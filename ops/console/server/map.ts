import type { Hono } from 'hono';
import * as v from 'valibot';
import { readNode } from '../../explain/node.ts';
import { readNodeMetrics } from '../../explain/node-metrics.ts';
import { type DeployedGraph, readGraph } from '../../explain/read-graph.ts';
import { lazily } from '../../lazily.ts';
import { callerName } from '../../pause/caller.ts';
import { nextPause, pauseConsumer, pauseInForce, readPauseState, resumeConsumer } from '../../pause/pause.ts';
import { checkReason } from '../../pause/record.ts';
import type { DeployedShop } from '../../stack.ts';
import type { OnProgress } from '../../steps.ts';
import type { MapNode } from '../api/map.ts';
import { action } from './actions.ts';
import { type Console, NotFound } from './console.ts';
import type { Job } from './jobs.ts';

/** What is deployed as a graph, what a node of it is set to and has done, and pauses. */
export function mapRoutes(app: Hono, console: Console): void {
  const readOnce = graphReader(console);
  const nodeOf = async (id: string): Promise<{ shop: DeployedShop; graph: DeployedGraph; node: MapNode }> => {
    const { shop } = console;
    const graph = await readOnce();
    const node = graph.map.nodes.find((one) => one.id === id);
    if (node === undefined) throw new NotFound(`There is no ${id} on the map.`);
    return { shop, graph, node };
  };
  app.get('/api/map', async (context) => context.json((await readOnce(context.req.query('reload') !== undefined)).map));
  app.get('/api/nodes/:id', async (context) => {
    const { shop, graph, node } = await nodeOf(context.req.param('id'));
    return context.json(await readNode(shop, graph, node));
  });
  app.get('/api/nodes/:id/metrics', async (context) => {
    const { shop, node } = await nodeOf(context.req.param('id'));
    return context.json(await readNodeMetrics(shop, node));
  });
  pauseRoutes(app, console);
}

/** Returns a function that reads the graph once for each shop that was found, and again where it is asked to. */
function graphReader(console: Console): (again?: boolean) => Promise<DeployedGraph> {
  let known: { shop: DeployedShop; read: () => Promise<DeployedGraph> } | undefined;
  return (again = false) => {
    const { shop } = console;
    if (known === undefined || known.shop !== shop || again) known = { shop, read: lazily(() => readGraph(shop)) };
    return known.read();
  };
}

function pauseRoutes(app: Hono, console: Console): void {
  const { jobs, live } = console;
  action(app, console, {
    path: '/api/pause',
    body: v.object({ consumer: v.string(), reason: v.string() }),
    logged: (input) => input,
    async run({ consumer, reason }) {
      const { shop } = console;
      const checked = checkReason(reason);
      const state = await readPauseState(shop, consumer);
      const pause = nextPause(state, { by: await callerName(shop), reason: checked }, new Date());
      const changed = pause !== pauseInForce(state);
      return jobs.start({ kind: 'pause', title: `Pause ${consumer}` }, async (job) => {
        if (changed) await pauseConsumer(shop, state, pause, workOf(job));
        void live.refresh();
        return { consumer, changed, paused: pause };
      });
    },
  });
  action(app, console, {
    path: '/api/resume',
    body: v.object({ consumer: v.string() }),
    logged: (input) => input,
    async run({ consumer }) {
      const { shop } = console;
      const state = await readPauseState(shop, consumer);
      return jobs.start({ kind: 'resume', title: `Resume ${consumer}` }, async (job) => {
        const { messages: _, ...resumed } = await resumeConsumer(shop, state, workOf(job));
        void live.refresh();
        return resumed;
      });
    },
  });
}

const workOf = ({ signal, progress }: Job): { signal: AbortSignal; onProgress: OnProgress } => ({
  signal,
  onProgress: (event) => progress({ text: event.kind === 'notice' ? event.text : event.step }),
});
