import { App } from 'aws-cdk-lib';
import { readSettings } from './settings.ts';
import { ShopMessagingStack } from './shop-messaging-stack.ts';

const app = new App();
const settings = readSettings(app.node);
new ShopMessagingStack(app, settings.stackName, settings, {
  description: 'The messaging backbone of a web shop: orders in; payment, stock and texts out.',
});
