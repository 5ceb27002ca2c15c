import { App } from 'aws-cdk-lib';
import { settingsFrom } from './settings.ts';
import { ShopMessagingStack } from './shop-messaging-stack.ts';

const app = new App();
new ShopMessagingStack(app, 'ShopMessaging', settingsFrom(app.node), {
  description: 'The messaging backbone of a web shop: orders in; payment, stock and texts out.',
});
