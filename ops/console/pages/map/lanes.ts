import type { MapEdge, MapNode, NodeKind, ShopMap } from '../../api/map.ts';

/** What stands in one row: a queue, who reads it, and where its messages go that fail. One that has no queue is a dead-letter queue alone. */
export type Lane = { id: string; queue?: MapNode; reader?: MapNode; letters?: MapNode };

const READERS: readonly NodeKind[] = ['consumer', 'partner'];

/** Puts the nodes of each consumer and partner into a row of their own, in the order of the map. */
export function lanesOf({ nodes, edges }: ShopMap): Lane[] {
  const after = (from: MapNode, kind: MapEdge['kind']) => {
    const to = edges.find((edge) => edge.kind === kind && edge.from === from.id)?.to;
    return nodes.find(({ id }) => id === to);
  };
  const lanes = nodes
    .filter(({ kind }) => kind === 'queue')
    .map((queue): Lane => {
      const [reader, letters] = [after(queue, 'receive'), after(queue, 'dead-letter')];
      return { id: `lane-${queue.id}`, queue, ...(reader ? { reader } : {}), ...(letters ? { letters } : {}) };
    });
  const placed = new Set(lanes.flatMap(({ letters }) => letters?.id ?? []));
  const alone = nodes.filter(({ id, kind }) => isLetterQueue(kind) && !placed.has(id));
  return [...lanes, ...alone.map((letters): Lane => ({ id: `lane-${letters.id}`, letters }))];
}

/** The nodes that are in no row: who publishes, the topics, the bus, its rules, and what is outside the stack. */
export const outsideLanes = (map: ShopMap): MapNode[] =>
  map.nodes.filter(({ kind }) => kind !== 'queue' && !READERS.includes(kind) && !isLetterQueue(kind));

const isLetterQueue = (kind: NodeKind): boolean => kind === 'dead-letter-queue' || kind === 'parking-queue';
