import { isIP } from 'node:net';

/** Where an exporter listens. */
export type Address = { host: string; port: number; isLoopback: boolean };

/** The port that exporters of Prometheus text have by custom (https://github.com/prometheus/prometheus/wiki/Default-port-allocations). */
export const DEFAULT_ADDRESS = '127.0.0.1:9464';

const ADDRESS = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:[\]]+)):(?<port>\d{1,5})$/;

/** Reads `127.0.0.1:9464`, `localhost:9464`, `[::1]:9464` or `0.0.0.0:9464`. Throws a sentence for anything else. */
export function parseAddress(text: string): Address {
  const { six, four, port: digits } = ADDRESS.exec(text)?.groups ?? {};
  const host = six ?? (four === 'localhost' ? '127.0.0.1' : four) ?? '';
  const port = Number(digits);
  if (isIP(host) === 0 || !(port >= 1 && port <= 65_535)) {
    throw new Error('It must be an IP address and a port, such as 127.0.0.1:9464 or [::1]:9464.');
  }
  return { host, port, isLoopback: host === '::1' || host.startsWith('127.') };
}

/** Formats an address as the URL of its metrics. */
export const metricsUrl = ({ host, port }: Address): string =>
  `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}/metrics`;
