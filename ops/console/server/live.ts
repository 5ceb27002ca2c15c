import { setTimeout as sleep } from 'node:timers/promises';
import { toUserMessage } from '../../errors.ts';
import type { DeployedShop } from '../../stack.ts';
import { liveStatusCollector } from '../../status/collect.ts';
import { type ShopStatus, statusDocument } from '../../status/health.ts';
import { sentenceOf } from '../../status/report.ts';
import type { LiveStatus } from '../api/live.ts';

/** How often the status is read while somebody looks, in seconds; on AWS each reading costs. */
export const refreshSeconds = (local: boolean): number => (local ? 2 : 15);

type Listener = (status: LiveStatus) => void;

/** Reads the status while somebody looks, once for all browsers, and finds the shop again after its engine was gone. */
export class Live {
  /** As it was found last. */
  shop: DeployedShop;
  private readonly find: () => Promise<DeployedShop>;
  private readonly listeners = new Set<Listener>();
  private collect: () => Promise<ShopStatus>;
  private reading: Promise<LiveStatus> | undefined;
  private latest: LiveStatus | undefined;
  private polling = false;

  constructor(shop: DeployedShop, find: () => Promise<DeployedShop>) {
    this.shop = shop;
    this.find = find;
    this.collect = liveStatusCollector(shop);
  }

  /** Returns the status, of which the last reading is younger than one interval. */
  status(): Promise<LiveStatus> {
    const isFresh =
      this.latest !== undefined && Date.now() - Date.parse(this.latest.at) < refreshSeconds(this.shop.local) * 1_000;
    return isFresh && this.latest !== undefined ? Promise.resolve(this.latest) : this.read();
  }

  /** Tells a listener of every reading, beginning with the present one, until the returned function is called. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    void this.status().then((status) => this.listeners.has(listener) && listener(status));
    void this.poll();
    return () => void this.listeners.delete(listener);
  }

  /** Has everybody told what an action changed, without waiting for the next reading. */
  async refresh(): Promise<void> {
    this.latest = undefined;
    this.tell(await this.read());
  }

  /** Reads again and again while somebody listens; one loop, however they come and go. */
  private async poll(): Promise<void> {
    if (this.polling) return;
    this.polling = true;
    while (this.listeners.size > 0) {
      // It keeps no process alive.
      await sleep(refreshSeconds(this.shop.local) * 1_000, undefined, { ref: false });
      if (this.listeners.size > 0) this.tell(await this.read());
    }
    this.polling = false;
  }

  private tell(status: LiveStatus): void {
    for (const listener of this.listeners) listener(status);
  }

  private read(): Promise<LiveStatus> {
    this.reading ??= this.readNow().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async readNow(): Promise<LiveStatus> {
    try {
      this.latest = view(await this.collect());
    } catch (error) {
      this.latest = { at: new Date().toISOString(), error: toUserMessage(error) };
      await this.findAgain();
    }
    return this.latest;
  }

  /** An engine that came back may have other addresses of everything. */
  private async findAgain(): Promise<void> {
    try {
      this.shop = await this.find();
      this.collect = liveStatusCollector(this.shop);
    } catch {
      // It is gone still: the error that is shown says so.
    }
  }
}

function view(status: ShopStatus): LiveStatus {
  return { at: new Date().toISOString(), status: statusDocument(status), sentence: sentenceOf(status) };
}
