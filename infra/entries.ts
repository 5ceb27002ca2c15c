import { hasIntake, loadSettings, type Settings } from './settings.ts';
import { routesOf } from './webhooks.ts';

/** Returns the file in `lambdas/<function>/` that each function is bundled from, by the function's name. */
export function functionEntries(settings: Settings): Readonly<Record<string, string>> {
  const consumers = routesOf(settings).map(([name, { entry }]) => [name, entry?.(settings) ?? 'handler']);
  return {
    ...Object.fromEntries(consumers),
    sweep: 'handler',
    archive: 'handler',
    ...(hasIntake(settings) ? { intake: 'handler' } : {}),
  };
}

// `ops up --watch` runs this in a process of its own, which loads what was saved last.
if (import.meta.main) console.log(JSON.stringify(functionEntries(loadSettings('local'))));
