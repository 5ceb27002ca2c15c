import type { TemplateFacts } from '../../ops/estimate/template.ts';

const consumer = { batchSize: 10, windowSeconds: 0, concurrency: 10, fifo: false, memoryMb: 512 };

/** The facts of `prod` as it is deployed without a setting, as far as quotas depend on them; a test compares them with the template. */
export const deployedByDefault = {
  mappings: {
    order: consumer,
    outcomes: consumer,
    payment: consumer,
    stock: consumer,
    notification: consumer,
    shipping: { ...consumer, fifo: true },
    archive: { ...consumer, batchSize: 1_000, windowSeconds: 60 },
  },
  topicSubscriptions: 5,
} satisfies Partial<TemplateFacts>;
