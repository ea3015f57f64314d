import AxeBuilder from '@axe-core/playwright';
import { expect } from '@playwright/test';
import type { Page } from '@playwright/test';

/** Nothing on the page that a reader with a screen reader, or with poor sight, could not use. */
export async function expectAccessible(page: Page): Promise<void> {
  // Cards are named by what they open; what else they show (dates, counts, states) would make a name too long to listen to.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).disableRules(['label-content-name-mismatch']).analyze();
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`))).toEqual([]);
}
