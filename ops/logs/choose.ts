import type { ShopFunction } from '../functions.ts';
import { didYouMean } from '../nearest.ts';

/** Returns the function of a name, or all of them; throws for an unknown name, with the nearest. */
export function chooseFunctions(functions: readonly ShopFunction[], name?: string): readonly ShopFunction[] {
  if (name === undefined) return functions;
  const chosen = functions.filter((fn) => fn.name === name);
  if (chosen.length > 0) return chosen;
  const names = functions.map((fn) => fn.name);
  const known = names.length === 0 ? 'the stack has none' : `there are ${names.join(', ')}`;
  throw new Error(`There is no function ${name}; ${known}.${didYouMean(name, names)}`);
}
