/** The ways in which senders sign. */
export const schemeNames = ['standard-webhooks', 'stripe', 'shopify'] as const;

export type IntakeScheme = (typeof schemeNames)[number];

/** Who posts messages to the shop, and how it signs them. */
export type IntakeSender = { scheme: IntakeScheme; secret: string; perMinute: number };
