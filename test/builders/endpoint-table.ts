import type { EndpointRecord } from '../../lambdas/webhooks/endpoint-record.ts';
import type { EndpointTable } from '../../lambdas/webhooks/endpoint-table.ts';

/** A table of one endpoint in memory, which counts calls by name; each fails with `failure`, where there is one. */
export class MemoryEndpointTable implements EndpointTable {
  record: EndpointRecord | undefined;
  failure: Error | undefined;
  readonly calls: string[] = [];

  constructor(record?: EndpointRecord) {
    this.record = record;
  }

  #called(name: string): void {
    this.calls.push(name);
    if (this.failure !== undefined) throw this.failure;
  }

  async read(): Promise<EndpointRecord | undefined> {
    this.#called('read');
    return structuredClone(this.record);
  }

  async noteFailure(endpoint: string, at: string): Promise<void> {
    this.#called('noteFailure');
    this.record = { failingSince: at, ...this.record, endpoint };
  }

  async noteSuccess(): Promise<void> {
    this.#called('noteSuccess');
    delete this.record?.failingSince;
  }

  async disable(
    endpoint: string,
    { at, reason, failingSince }: { at: string; reason: string; failingSince?: string },
  ): Promise<boolean> {
    this.#called('disable');
    if (this.record?.disabledAt !== undefined) return false;
    if (failingSince !== undefined && this.record?.failingSince !== failingSince) return false;
    this.record = { ...this.record, endpoint, disabledAt: at, disabledReason: reason };
    return true;
  }
}
