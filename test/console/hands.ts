import type { Locator, Page } from 'playwright-core';

/** How a person acts on a page. What is looked at, and in which sequence, is the same for everybody. */
export type Hands = {
  press(target: Locator): Promise<void>;
  /** Replaces the text of a field. */
  write(target: Locator, text: string): Promise<void>;
};

/** A person with a mouse, who types only into what was clicked. */
export const mouse = (page: Page): Hands => ({
  press: (target) => target.click(),
  async write(target, text) {
    await target.click({ clickCount: 3 });
    await replaceAll(page, text);
  },
});

const MOST_TABS = 300;

/** A person without a mouse, who reaches everything with Tab. */
export const keyboard = (page: Page): Hands => ({
  async press(target) {
    await tabTo(page, target);
    await page.keyboard.press('Enter');
  },
  async write(target, text) {
    await tabTo(page, target);
    await replaceAll(page, text);
  },
});

async function replaceAll(page: Page, text: string): Promise<void> {
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}

const hasFocus = (target: Locator) => target.evaluate((element) => element === element.ownerDocument.activeElement);

/** Presses Tab until the element has the focus; throws where that never happens. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < MOST_TABS; presses += 1) {
    if (await hasFocus(target)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reaches ${target}`);
}
