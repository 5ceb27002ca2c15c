import { Graph, layout } from '@dagrejs/dagre';
import type { MapEdge, MapNode, NodeKind, ShopMap } from '../../api/map.ts';
import { type Lane, lanesOf, outsideLanes } from './lanes.ts';

/** Where a node is: its top left corner, in pixels. */
export type Box = { x: number; y: number; width: number; height: number };

/** The line of an edge, as the `d` of an SVG path; `label` is the middle of the space that a text beside it has. */
export type EdgePath = { edge: MapEdge; d: string; label?: { x: number; y: number } };

export type Placement = { width: number; height: number; boxes: ReadonlyMap<string, Box>; paths: EdgePath[] };

const HEIGHT = 44;
const QUEUE_WIDTH = 160;
const READER_WIDTH = 144;
const LETTERS_WIDTH = 152;
/** Between a queue and its reader: there the numbers are. */
const LABEL_WIDTH = 132;
const GAP = 28;
const LANE_WIDTH = QUEUE_WIDTH + LABEL_WIDTH + READER_WIDTH + GAP + LETTERS_WIDTH;
const LANE_GAP = 18;
const COLUMN_GAP = 48;
const MARGIN = 20;
const RADIUS = 6;
const WIDTHS: Partial<Record<NodeKind, number>> = { rules: 148 };
const OTHER_WIDTH = 160;

/** The column of the topics and the bus has one between it and the rows: that of the rules. */
const PAST_RULES = 2;

type Point = { x: number; y: number };

/**
 * Places the nodes from left to right: who publishes, topics and bus, rules, then a row for each queue. What consumers publish goes back on
 * lines of its own around the rows, because a line that crosses everything tells nobody anything.
 */
export function placeMap(map: ShopMap): Placement {
  const lanes = lanesOf(map);
  const laneOf = new Map(
    lanes.flatMap(({ id, ...nodes }) => Object.values(nodes).map((node) => [node.id, id] as const)),
  );
  const graph = graphOf(map, lanes, laneOf);
  const rows = rowsOf(map, lanes, laneOf);
  layout(graph, {
    customOrder(ranked: LayoutGraph, order: (graph: LayoutGraph) => void) {
      order(ranked);
      keepOrder(ranked, rows);
    },
  });
  const boxes = boxesOf(graph, lanes, outsideLanes(map));
  const right = Math.max(...[...boxes.values()].map(({ x, width }) => x + width));
  const bottom = Math.max(...[...boxes.values()].map(({ y, height }) => y + height));
  const back = map.edges.filter((edge) => isBack(edge, laneOf));
  const channels = [...new Set(back.map(({ to }) => to))];
  const paths = map.edges.flatMap((edge): EdgePath[] => {
    const [from, to] = [boxes.get(edge.from), boxes.get(edge.to)];
    if (from === undefined || to === undefined) return [];
    if (isBack(edge, laneOf))
      return [{ edge, d: backPath(from, to, { right, bottom, line: channels.indexOf(edge.to) }) }];
    const label =
      edge.kind === 'receive' ? { label: { x: (from.x + from.width + to.x) / 2, y: from.y + HEIGHT / 2 } } : {};
    return [{ edge, d: forwardPath(from, to, bendsOf(graph, edge, laneOf)), ...label }];
  });
  const lines = channels.length * LINE_GAP;
  return { width: right + MARGIN + lines, height: bottom + MARGIN + lines, boxes, paths };
}

/** Tells the edges that lead from a row back to a topic or the bus. */
const isBack = ({ from, kind }: MapEdge, laneOf: ReadonlyMap<string, string>) => kind === 'publish' && laneOf.has(from);

type LayoutNode = Point & { width: number; height: number; rank?: number; order: number; edgeObj?: { w: string } };
type LayoutGraph = Graph<object, LayoutNode, { points?: Point[]; minlen?: number }>;

function graphOf(map: ShopMap, lanes: readonly Lane[], laneOf: ReadonlyMap<string, string>): LayoutGraph {
  const graph: LayoutGraph = new Graph({ multigraph: true });
  graph.setGraph({
    rankdir: 'LR',
    ranksep: COLUMN_GAP,
    nodesep: LANE_GAP,
    edgesep: LANE_GAP / 2,
    marginx: MARGIN + 24,
    marginy: MARGIN,
  });
  const add = (id: string, width: number) => graph.setNode(id, { width, height: HEIGHT, x: 0, y: 0, order: 0 });
  for (const { id, kind } of outsideLanes(map)) add(id, WIDTHS[kind] ?? OTHER_WIDTH);
  for (const { id } of lanes) add(id, LANE_WIDTH);
  for (const { from, to, kind } of forwardEdges(map, laneOf)) {
    if (graph.hasNode(from) && graph.hasNode(to)) graph.setEdge(from, to, { minlen: columnsBetween(from, to) }, kind);
  }
  keepColumns(graph, lanes);
  return graph;
}

/** Puts what no line of the layout leads to into its column: the feed, on which consumers publish, and the queue of what is parked. */
function keepColumns(graph: LayoutGraph, lanes: readonly Lane[]): void {
  if (!graph.hasNode('publishers')) return;
  const alone = lanes.filter(({ id }) => graph.inEdges(id)?.length === 0);
  for (const { id } of alone) graph.setEdge('publishers', id, { minlen: PAST_RULES + 1 }, 'column');
  if (graph.hasNode('feed')) graph.setEdge('publishers', 'feed', { minlen: 1 }, 'column');
}

/**
 * Has the rows stand in the order in which they are read, which is that of an order's way through them; in the columns before them everything is in the
 * order of the rows that it leads to. A node that stands for an edge on its way past a column says which edge that is.
 */
function keepOrder(graph: LayoutGraph, rowOf: ReadonlyMap<string, number>): void {
  const ids: string[] = graph.nodes();
  const placed = ids.map((id) => {
    const { rank, order, edgeObj }: LayoutNode = graph.node(id);
    return { id, rank, order, row: rowOf.get(id) ?? rowOf.get(edgeObj?.w ?? '') };
  });
  for (const column of Map.groupBy(placed, ({ rank }) => rank).values()) {
    if (column.some(({ row }) => row === undefined)) continue;
    const sorted = column.sort((one, other) => (one.row ?? 0) - (other.row ?? 0) || one.order - other.order);
    for (const [order, { id }] of sorted.entries()) graph.node(id).order = order;
  }
}

/** Numbers the rows, and the rules as the rows that they lead to. */
function rowsOf(map: ShopMap, lanes: readonly Lane[], laneOf: ReadonlyMap<string, string>): Map<string, number> {
  const rows = new Map(lanes.map(({ id }, index) => [id, index]));
  for (const { from, to } of map.edges) {
    const row = rows.get(laneOf.get(to) ?? '');
    if (row !== undefined && from.startsWith('rules-')) rows.set(from, row);
  }
  return rows;
}

/** Returns the edges that the layout knows, between rows as wholes. */
const forwardEdges = ({ edges }: ShopMap, laneOf: ReadonlyMap<string, string>): Omit<MapEdge, 'events'>[] =>
  edges
    .filter((edge) => !isBack(edge, laneOf))
    .map(({ from, to, kind }) => ({ from: laneOf.get(from) ?? from, to: laneOf.get(to) ?? to, kind }))
    .filter(({ from, to }) => from !== to);

/** All rows are in one column: what has no rule before it skips the column of the rules. */
function columnsBetween(from: string, to: string): number {
  if (!to.startsWith('lane-') || from.startsWith('rules-')) return 1;
  return from === 'sweep' ? PAST_RULES + 1 : PAST_RULES;
}

function boxesOf(graph: LayoutGraph, lanes: readonly Lane[], others: readonly MapNode[]): Map<string, Box> {
  const boxes = new Map<string, Box>();
  const corner = (id: string) => {
    const { x, y, width, height } = graph.node(id);
    return { x: x - width / 2, y: y - height / 2, width };
  };
  for (const { id } of others) boxes.set(id, { ...corner(id), height: HEIGHT });
  for (const { id, queue, reader, letters } of lanes) {
    const { x, y } = corner(id);
    const put = (node: MapNode | undefined, left: number, width: number) => {
      if (node !== undefined) boxes.set(node.id, { x: x + left, y, width, height: HEIGHT });
    };
    put(queue, 0, QUEUE_WIDTH);
    put(reader, QUEUE_WIDTH + LABEL_WIDTH, READER_WIDTH);
    // Alone it has a longer name, and the room for it.
    const width = queue === undefined ? LABEL_WIDTH / 2 + READER_WIDTH + GAP + LETTERS_WIDTH : LETTERS_WIDTH;
    put(letters, LANE_WIDTH - width, width);
  }
  return boxes;
}

/** The points at which the layout leads an edge past the columns between its ends. */
function bendsOf(graph: LayoutGraph, { from, to, kind }: MapEdge, laneOf: ReadonlyMap<string, string>): Point[] {
  const found: { points?: Point[] } | undefined = graph.edge(laneOf.get(from) ?? from, laneOf.get(to) ?? to, kind);
  // Every second of them is between two columns, where a line bends anyway.
  return found?.points?.slice(1, -1).filter((_, index) => index % 2 === 1) ?? [];
}

const rightOf = ({ x, y, width, height }: Box): Point => ({ x: x + width, y: y + height / 2 });
const leftOf = ({ x, y, height }: Box): Point => ({ x, y: y + height / 2 });

function forwardPath(from: Box, to: Box, bends: readonly Point[]): string {
  // What a queue does not get done goes past its reader.
  const isAround = to.x - (from.x + from.width) > LABEL_WIDTH && to.y === from.y;
  if (isAround) return aroundPath(from, to);
  const points = [rightOf(from), ...bends, leftOf(to)];
  return points
    .map(({ x, y }, index) => {
      const before = points[index - 1];
      if (before === undefined) return `M${x},${y}`;
      const middle = (before.x + x) / 2;
      return `C${middle},${before.y} ${middle},${y} ${x},${y}`;
    })
    .join(' ');
}

/** Leads over the reader from a queue to its dead-letter queue. */
function aroundPath(from: Box, to: Box): string {
  const top = from.y - LANE_GAP / 3;
  return roundedPath([
    { x: from.x + from.width - GAP, y: from.y },
    { x: from.x + from.width - GAP, y: top },
    { x: to.x + GAP, y: top },
    { x: to.x + GAP, y: to.y },
  ]);
}

const LINE_GAP = 8;

/** Leads from below a consumer around everything to the left side of what it publishes on; each channel has a line of its own. */
function backPath(
  from: Box,
  to: Box,
  { right, bottom, line }: { right: number; bottom: number; line: number },
): string {
  const offset = line * LINE_GAP;
  const start = { x: from.x + from.width / 2 + offset, y: from.y + from.height };
  const [turn, side, below] = [start.y + 6 + offset / 2, right + MARGIN / 2 + offset, bottom + MARGIN / 2 + offset];
  const edge = to.x - MARGIN / 2 - offset;
  return roundedPath([
    start,
    { x: start.x, y: turn },
    { x: side, y: turn },
    { x: side, y: below },
    { x: edge, y: below },
    { x: edge, y: to.y + to.height / 2 + offset / 2 },
    { x: to.x, y: to.y + to.height / 2 + offset / 2 },
  ]);
}

/** Draws straight lines whose corners are round. */
function roundedPath(points: readonly Point[]): string {
  return points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]];
      if (before === undefined) return `M${point.x},${point.y}`;
      if (after === undefined) return `L${point.x},${point.y}`;
      const [enter, leave] = [towards(point, before), towards(point, after)];
      return `L${enter.x},${enter.y} Q${point.x},${point.y} ${leave.x},${leave.y}`;
    })
    .join(' ');
}

/** Returns the point on the way to another at which a corner begins. */
function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const share = length === 0 ? 0 : Math.min(RADIUS, length / 2) / length;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
