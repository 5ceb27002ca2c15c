import type { Hono } from 'hono';
import type { Console } from './console.ts';

export function replayRoutes(_app: Hono, _console: Console): void {}
