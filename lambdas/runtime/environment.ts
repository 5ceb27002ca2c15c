/** Takes the name of an environment variable the stack sets and gives its value; throws naming it when it is missing. */
export function requireEnv(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`The environment variable ${name} is not set; the stack sets it.`);
  return value;
}
