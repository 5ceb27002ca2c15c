import { requestFunctionUrl } from '../../ops/function-url.ts';
import { output, shop } from './deployed-shop.ts';

/** Sends a request to the intake, as a sender does. */
export const sendToIntake = (
  path: string,
  { headers, ...request }: { method?: string; headers?: Record<string, string>; body?: string | Buffer },
) =>
  requestFunctionUrl(shop, `${output('IntakeUrl')}${path}`, {
    headers: { 'content-type': 'application/json', ...headers },
    ...request,
  });
