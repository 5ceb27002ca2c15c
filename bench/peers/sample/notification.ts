import { notify } from '../common/notification.ts';
import { consumer } from './consumer.ts';

export const handler = consumer((event: Parameters<typeof notify>[0]) => notify(event, 'unguarded'));
