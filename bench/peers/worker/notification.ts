import { notify } from '../common/notification.ts';
import { notificationInput } from '../common/schemas.ts';
import { consume } from './consumer.ts';

void consume('notification', notificationInput, (event) => notify(event, 'once'));
