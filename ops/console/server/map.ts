import type { Hono } from 'hono';
import type { Console } from './console.ts';

export function mapRoutes(_app: Hono, _console: Console): void {}
