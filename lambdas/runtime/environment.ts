/** Reads an environment variable that the stack sets; throws an error that names it when it is missing or empty. */
export function requireEnv(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`The environment variable ${name} is not set; the stack sets it.`);
  return value;
}
