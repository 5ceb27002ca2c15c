/** Settings as they stand in a stage's file, by name. */
export type SuiteSettings = Readonly<Record<string, object>>;

/** Returns settings as `-c` takes them. */
export const contextOf = (settings: SuiteSettings): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, JSON.stringify(value)]));

/**
 * Returns the settings that the shop of the deployed suite has beside those of `settings/local.json`; a test that deploys it again keeps
 * them. Endpoints of webhooks are paths of one server, which listens on `webhookPort`.
 */
export function suiteSettings(webhookPort: number): SuiteSettings {
  const at = `127.0.0.1:${webhookPort}`;
  const endpoint = (name: string, ...events: string[]) => ({
    url: `http://${at}/${name}`,
    events,
    secret: `webhook-${name}`,
  });
  return {
    alarmTargets: { pager: { severity: 'critical', webhook: `http://${at}/pager` } },
    partners: {
      crm: ['shop.order.confirmed.v1', 'shop.order.cancelled.v1'],
      ledger: 'lifecycle',
    },
    webhooks: {
      endpoints: {
        erp: endpoint('erp', 'shop.order.confirmed.v1', 'shop.order.cancelled.v1'),
        gone: endpoint('gone', 'shop.order.confirmed.v1'),
      },
      allowPrivate: [at],
    },
    intake: {
      senders: {
        acme: { scheme: 'standard-webhooks', secret: 'intake-acme', perMinute: 600 },
        checkout: { scheme: 'stripe', secret: 'intake-checkout' },
        storefront: { scheme: 'shopify', secret: 'intake-storefront' },
        slow: { scheme: 'standard-webhooks', secret: 'intake-acme', perMinute: 3 },
      },
    },
  };
}

/** The partners' readers that the suite runs; each has a queue of decisions and one of the lifecycle feed. */
export const readerPartners = ['typescript', 'python', 'go', 'spring'] as const;

/** Returns the settings of the shop that the readers follow: partners only, and for each reader its own, so that they run at once. */
export const readersSettings = (): SuiteSettings => ({
  partners: Object.fromEntries(
    readerPartners.flatMap((name) => [
      [name, ['shop.order.confirmed.v1', 'shop.order.cancelled.v1']],
      [`${name}feed`, 'lifecycle'],
    ]),
  ),
});
