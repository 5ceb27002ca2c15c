import { createHash } from 'node:crypto';

const FIRST_CAPACITY = 1_024;

/**
 * A set of order ids that takes eight to sixteen bytes for each, as it keeps 48 bits of a digest: where a million are known, one in 280 million
 * unknown ones is taken for a known one.
 */
export class KnownOrders {
  private digests = new Float64Array(FIRST_CAPACITY);
  private size = 0;
  private isSorted = false;

  add(orderId: string): void {
    if (this.size === this.digests.length) {
      const larger = new Float64Array(this.size * 2);
      larger.set(this.digests);
      this.digests = larger;
    }
    this.digests[this.size] = digestOf(orderId);
    this.size += 1;
    this.isSorted = false;
  }

  has(orderId: string): boolean {
    if (!this.isSorted) this.digests.subarray(0, this.size).sort();
    this.isSorted = true;
    const digest = digestOf(orderId);
    let [low, high] = [0, this.size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.digests[middle] ?? 0) < digest) low = middle + 1;
      else high = middle;
    }
    return low < this.size && this.digests[low] === digest;
  }
}

const digestOf = (orderId: string): number => createHash('sha1').update(orderId).digest().readUIntBE(0, 6);
