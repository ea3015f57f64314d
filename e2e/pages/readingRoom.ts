/** The window as a reader knows it: its regions and what is done in them. Texts come from the page's own list. */
import { expect } from '@playwright/test';
import type { Locator, Page } from '@playwright/test';
import { texts } from '../../src/renderer/texts.ts';

export class ReadingRoom {
  readonly page: Page;
  readonly statusBar: Locator;
  readonly studies: Locator;
  readonly viewer: Locator;
  readonly reading: Locator;
  readonly draft: Locator;

  constructor(page: Page) {
    this.page = page;
    this.statusBar = page.getByRole('contentinfo', { name: texts.status.region });
    this.studies = page.getByRole('button', { name: new RegExp(`^${texts.studies.open('')}`) });
    this.viewer = page.getByRole('region', { name: texts.viewer.region });
    this.reading = page.getByRole('complementary', { name: texts.reading.region });
    this.draft = this.reading.getByRole('region', { name: texts.reading.draft, exact: true });
  }

  /** Waits until the engine answers. */
  async ready(): Promise<void> {
    await expect(this.statusBar.getByText(texts.status.connection.ready)).toBeVisible({ timeout: 60_000 });
  }

  /** Imports a folder the way the page's own dialog would, and waits for the end. @returns what the page says of it */
  async importFolder(folder: string): Promise<string> {
    await this.page.getByTestId('import-folder').setInputFiles(folder);
    return this.importEnd();
  }

  async importFiles(files: readonly string[]): Promise<string> {
    await this.page.getByTestId('import-files').setInputFiles([...files]);
    return this.importEnd();
  }

  private async importEnd(): Promise<string> {
    const end = this.page.getByText(/^(Imported [\d,]+ images? in|Nothing new to import|Import failed)/).first();
    await expect(end).toBeVisible({ timeout: 120_000 });
    return (await end.textContent()) ?? '';
  }

  async openStudy(name: RegExp | string): Promise<void> {
    await this.page.getByRole('button', { name: typeof name === 'string' ? texts.studies.open(name) : name }).click();
  }

  seriesButton(description: string | RegExp): Locator {
    return this.page.getByRole('button', { name: typeof description === 'string' ? texts.series.open(description) : description });
  }

  viewport(plane: 'Axial' | 'Coronal' | 'Sagittal'): Locator {
    return this.page.getByRole('region', { name: texts.viewer.viewport(plane) }).or(this.page.getByLabel(texts.viewer.viewport(plane), { exact: true })).first();
  }

  /** The letters at the edges of a view: top, right, bottom, left. */
  async orientation(plane: 'Axial' | 'Coronal' | 'Sagittal'): Promise<readonly string[]> {
    const edges = [texts.viewer.orientation.top, texts.viewer.orientation.right, texts.viewer.orientation.bottom, texts.viewer.orientation.left];
    return Promise.all(edges.map(async (edge) => ((await this.viewport(plane).getByLabel(new RegExp(`^${edge}`)).first().textContent()) ?? '').trim()));
  }

  async analyse(): Promise<void> {
    await this.reading.getByRole('button', { name: new RegExp(texts.reading.analyse) }).click();
    await expect(this.reading.getByRole('button', { name: new RegExp(texts.reading.again) })).toBeVisible({ timeout: 150_000 });
  }

  get sentences(): Locator {
    return this.draft.locator('[data-sentence]');
  }

  cases(title: string = texts.reading.similar): Locator {
    return this.reading.getByRole('region', { name: title }).locator('[data-case]');
  }

  async searchCases(words: string): Promise<void> {
    const box = this.reading.getByRole('searchbox', { name: texts.reading.search });
    await box.fill(words);
    await box.press('Enter');
  }
}
