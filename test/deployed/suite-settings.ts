/**
 * Returns the settings that the shop of the deployed suite has beside those of `settings/local.json`, as `-c` takes them. Endpoints of
 * webhooks are paths of one server, which the test that receives starts on `webhookPort`.
 */
export function suiteContext(webhookPort: number): Record<string, string> {
  const at = `127.0.0.1:${webhookPort}`;
  const endpoint = (name: string, ...events: string[]) => ({
    url: `http://${at}/${name}`,
    events,
    secret: `webhook-${name}`,
  });
  return {
    partners: JSON.stringify({
      crm: ['shop.order.confirmed.v1', 'shop.order.cancelled.v1'],
      ledger: 'lifecycle',
    }),
    webhooks: JSON.stringify({
      endpoints: {
        erp: endpoint('erp', 'shop.order.confirmed.v1', 'shop.order.cancelled.v1'),
        gone: endpoint('gone', 'shop.order.confirmed.v1'),
      },
      allowPrivate: [at],
    }),
    intake: JSON.stringify({
      senders: {
        acme: { scheme: 'standard-webhooks', secret: 'intake-acme', perMinute: 600 },
        checkout: { scheme: 'stripe', secret: 'intake-checkout' },
        storefront: { scheme: 'shopify', secret: 'intake-storefront' },
        slow: { scheme: 'standard-webhooks', secret: 'intake-acme', perMinute: 3 },
      },
    }),
  };
}
