import type { Hono } from 'hono';
import type { Console } from './console.ts';

export function trafficRoutes(_app: Hono, _console: Console): void {}
