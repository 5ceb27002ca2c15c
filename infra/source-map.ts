import { join, relative, sep } from 'node:path';
import { decode, encode, type SourceMapSegment } from '@jridgewell/sourcemap-codec';

/** The part of a source map (https://tc39.es/ecma426/) that Node reads. */
export type SourceMap = { version: 3; sources: string[]; names: string[]; mappings: string };

/**
 * Reduces the map of a bundle in `folder` to the sources of this repository, and names them from its root, so that the map is the same
 * wherever it was built. Positions in packages stay unmapped: Node keeps a whole map in memory, and nine tenths of it would be theirs.
 */
export function ownSourceMap(map: SourceMap, folder: string, root: string): SourceMap {
  const paths = map.sources.map((source) => relative(root, join(folder, source)).split(sep).join('/'));
  const sources = paths.filter(isOwn).sort();
  const reduced = decode(map.mappings).map((line) => {
    const segments = line.map((segment): SourceMapSegment => {
      const [column, source, ...position] = segment;
      const path = source === undefined ? undefined : paths[source];
      const [sourceLine, sourceColumn] = position;
      if (path === undefined || sourceLine === undefined || sourceColumn === undefined || !isOwn(path)) return [column];
      return [column, sources.indexOf(path), sourceLine, sourceColumn];
    });
    // One segment ends what was mapped before; more of them would say the same.
    return segments.filter((segment, index) => segment.length > 1 || (segments[index - 1]?.length ?? 1) > 1);
  });
  return { version: 3, sources, names: [], mappings: encode(reduced) };
}

const isOwn = (path: string) => !/(^|\/)(node_modules|\.\.)\//.test(path);
