/** What a node of the map is. `publishers` and `reporters` are services outside the stack; `external` is a target that the stack does not have. */
export type NodeKind =
  | 'publishers'
  | 'reporters'
  | 'intake'
  | 'sweep'
  | 'topic'
  | 'feed'
  | 'bus'
  | 'rules'
  | 'queue'
  | 'consumer'
  | 'partner'
  | 'endpoint'
  | 'dead-letter-queue'
  | 'parking-queue'
  | 'external';

/** A thing that is deployed, or that publishes to what is. */
export type MapNode = {
  id: string;
  kind: NodeKind;
  /** How people call it: `payment queue`. */
  name: string;
  /** The consumer or partner, as `ops status` names it, that it belongs to. */
  of?: string;
  /** The messages in it when the map was read, of a queue that `ops status` does not count. */
  messages?: number;
  /** What is wrong with it, in a sentence: a rule that is switched off, a subscription whose queue is gone. */
  problem?: string;
};

/** A way that messages take. */
export type MapEdge = {
  from: string;
  to: string;
  /** `publish`: into a topic or the bus. `deliver`: from there on. `receive`: out of a queue. `dead-letter`: what failed. */
  kind: 'publish' | 'deliver' | 'receive' | 'dead-letter';
  /** The types of the events that pass; none where everything does. */
  events: readonly string[];
  problem?: string;
};

/** The deployed shop as a graph; `readAt` is ISO 8601. */
export type ShopMap = { readAt: string; nodes: readonly MapNode[]; edges: readonly MapEdge[] };

/** A setting of what is deployed, by the name that the interface translates. */
export type NodeSetting =
  | { name: SettingName; value: string | number; unit?: undefined }
  | { name: SettingName; value: number; unit: 'seconds' | 'days' | 'megabytes' };

export type SettingName =
  | 'visibility'
  | 'retention'
  | 'receives'
  | 'encryption'
  | 'order'
  | 'mapping'
  | 'batch'
  | 'window'
  | 'concurrency'
  | 'memory'
  | 'timeout'
  | 'runtime'
  | 'rule'
  | 'account'
  | 'address'
  | 'policy'
  | 'resource';

/** Whether somebody may send what an edge leads into a queue, as its policy says. */
export type NodePermission = { who: string; granted: boolean; why?: string };

/** What the panel of a node shows beside the graph and the status. */
export type NodeDetails = {
  node: MapNode;
  /** What customers lose while it does not work. */
  impact?: string;
  /** How long a queue keeps what waits, of a queue and of who reads it. */
  keptDays?: number;
  settings: readonly NodeSetting[];
  permissions: readonly NodePermission[];
  /** The statements of its policy, a sentence each. */
  statements: readonly string[];
};

export type ChartName = 'depth' | 'age' | 'throughput' | 'latency' | 'errors' | 'deliveries';

export type SeriesName =
  | 'waiting'
  | 'inFlight'
  | 'oldest'
  | 'done'
  | 'waited'
  | 'took'
  | 'retried'
  | 'deadLettered'
  | 'functionErrors'
  | 'published'
  | 'delivered'
  | 'failed';

/** One chart of the last hour, a value a minute; `null` where nothing was measured. */
export type NodeChart = {
  name: ChartName;
  unit: 'messages' | 'seconds' | 'milliseconds' | 'errors';
  series: readonly { name: SeriesName; values: readonly (number | null)[] }[];
};

/** The charts of a node; `times` are the starts of the minutes, ISO 8601. */
export type NodeMetrics = { times: readonly string[]; charts: readonly NodeChart[] };
