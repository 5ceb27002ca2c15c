/** Names the construct of a consumer, and the prefix of its outputs: `payment` has `PaymentQueueUrl`. */
export const constructIdOf = (consumer: string): string => `${consumer.charAt(0).toUpperCase()}${consumer.slice(1)}`;

/** Names the consumer of a construct: the inverse of `constructIdOf`. */
export const consumerNameOf = (constructId: string): string =>
  `${constructId.charAt(0).toLowerCase()}${constructId.slice(1)}`;
