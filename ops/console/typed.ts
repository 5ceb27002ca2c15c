/** What a line typed into the console asks for: a command with its words, the status, or the end. */
export type ConsoleCommand = { run: string[] } | 'status' | 'quit';

/** Takes a typed line and the names of the commands; a word that is none of them is taken for an order's id. */
export function parseConsoleLine(line: string, commands: ReadonlySet<string>): ConsoleCommand {
  const [first, ...words] = line.trim().split(/\s+/);
  if (first === undefined || first === '' || first === 'status') return 'status';
  if (first === 'q' || first === 'quit' || first === 'exit') return 'quit';
  if (commands.has(first)) return { run: first === 'dlq' && words.length === 0 ? ['dlq', 'list'] : [first, ...words] };
  return { run: ['trace', first, ...words] };
}
