import type { Section } from '../figure.ts';
import { flashSaleFigures } from './growth/flash-sale.ts';
import { historyFigures } from './growth/history.ts';
import { memoryFigures } from './growth/memory.ts';
import { openStage } from './growth/stage.ts';

/** Whether an order costs the same after ten thousand others, a rush on one SKU, and memory (figure 9). */
export const section: Section = {
  name: 'growth',
  title: 'Growth: orders on the books, a flash sale, memory',
  async run({ runs, progress }) {
    const stage = await openStage(progress);
    try {
      return [
        ...(await historyFigures(stage, runs, progress)),
        ...(await flashSaleFigures(stage, runs, progress)),
        ...(await memoryFigures(stage, progress)),
      ];
    } finally {
      await stage.stop();
    }
  },
};
