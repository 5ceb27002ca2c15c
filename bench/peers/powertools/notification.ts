import { notify } from '../common/notification.ts';
import { notificationInput } from '../common/schemas.ts';
import { consumer } from './consumer.ts';

export const handler = consumer('notification', notificationInput, (event) => notify(event, 'unguarded'));
