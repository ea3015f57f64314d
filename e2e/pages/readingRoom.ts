/** The window as a reader knows it: its regions and what is done in them. Texts come from the page's own list. */
import { expect } from '@playwright/test';
import type { Locator, Page } from '@playwright/test';
import { decode } from 'fast-png';
import { texts } from '../../src/renderer/texts.ts';

export class ReadingRoom {
  readonly page: Page;
  readonly statusBar: Locator;
  readonly studies: Locator;
  readonly viewer: Locator;
  readonly reading: Locator;
  readonly draft: Locator;
  /** The overlay on each picture. */
  readonly attention: Locator;

  constructor(page: Page) {
    this.page = page;
    this.statusBar = page.getByRole('contentinfo', { name: texts.status.region });
    this.studies = page.getByRole('button', { name: new RegExp(`^${texts.studies.open('')}`) });
    this.viewer = page.getByRole('region', { name: texts.viewer.region });
    this.reading = page.getByRole('complementary', { name: texts.reading.region });
    this.attention = page.getByTestId('attention-overlay');
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
    const panel = this.page.getByRole('region', { name: texts.import.progress });
    await expect(panel).toHaveAttribute('aria-busy', 'false', { timeout: 120_000 });
    return (await panel.locator('p').first().textContent()) ?? '';
  }

  async openStudy(name: RegExp | string): Promise<void> {
    await this.page.getByRole('button', { name: typeof name === 'string' ? texts.studies.open(name) : name }).click();
  }

  /** Opens the first study that did not come with the app. */
  async openRealStudy(): Promise<void> {
    await this.page.locator('li').filter({ has: this.studies }).filter({ hasNotText: texts.studies.demo }).getByRole('button', { name: new RegExp(`^${texts.studies.open('')}`) }).first().click();
  }

  async removeStudy(name: string): Promise<void> {
    const row = this.page.locator('li').filter({ has: this.page.getByRole('button', { name: texts.studies.open(name) }) });
    await row.hover();
    await row.getByRole('button', { name: texts.studies.remove }).click();
    await this.page.getByRole('button', { name: texts.studies.removeConfirm }).click();
  }

  seriesCard(description: string): Locator {
    return this.page.getByRole('listitem').filter({ has: this.page.getByRole('button', { name: texts.series.open(description), exact: true }) });
  }

  roleMenu(description: string): Locator {
    return this.page.getByRole('combobox', { name: texts.series.roleOf(description), exact: true });
  }

  /** The mark of the series that the models use. */
  chosenMark(description: string): Locator {
    return this.seriesCard(description).getByLabel(texts.series.chosen);
  }

  /** Waits until a series is in the pictures: named in their text, marked in the list, and drawn. */
  async shows(description: string): Promise<void> {
    await expect(this.viewer.locator('.corner.top-right').getByText(description, { exact: true })).toBeVisible();
    await expect(this.seriesCard(description).getByRole('button')).toHaveAttribute('aria-current', 'true');
    await expect.poll(() => this.drawnShareOf(this.pictureOf(description)), { message: `${description} is drawn` }).toBeGreaterThan(0.3);
  }

  /** The slice each view shows, counted from 1. */
  async shownSlices(): Promise<number[]> {
    const shown = await this.viewer.getByText(/^\d+\/\d+$/).allTextContents();
    return shown.map((text) => Number(text.split('/')[0]));
  }

  seriesButton(description: string | RegExp): Locator {
    return this.page.getByRole('button', { name: typeof description === 'string' ? texts.series.open(description) : description });
  }

  viewport(plane: 'Axial' | 'Coronal' | 'Sagittal'): Locator {
    return this.page.getByRole('group', { name: texts.viewer.viewport(plane) });
  }

  /** The first picture of a series, in whatever layout it hangs. */
  pictureOf(description: string): Locator {
    return this.viewer.getByRole('group').filter({ has: this.page.locator('.corner.top-right').getByText(description, { exact: true }) }).first();
  }

  /** The n-th picture of a layout with several series, counted from 1. */
  picture(number: number): Locator {
    return this.page.getByRole('group', { name: texts.viewer.pane(number) });
  }

  async layout(name: keyof typeof texts.viewer.layoutNames): Promise<void> {
    await this.viewer.getByRole('button', { name: texts.viewer.layoutNames[name], exact: true }).click();
  }

  /** Share of the pixels in the middle of a view (half its width and height) that are not black, 0 to 1. */
  async drawnShare(plane: 'Axial' | 'Coronal' | 'Sagittal'): Promise<number> {
    return this.drawnShareOf(this.viewport(plane));
  }

  async drawnShareOf(view: Locator): Promise<number> {
    const box = await view.boundingBox();
    if (box === null) return 0;
    const clip = { x: box.x + box.width / 4, y: box.y + box.height / 4, width: box.width / 2, height: box.height / 2 };
    const { data, channels } = decode(await this.page.screenshot({ clip }));
    let drawn = 0;
    for (let at = 0; at < data.length; at += channels) if ((data[at] ?? 0) > 24) drawn += 1;
    return drawn / (data.length / channels);
  }

  /** The letters at the edges of a view: top, right, bottom, left. */
  async orientation(plane: 'Axial' | 'Coronal' | 'Sagittal'): Promise<readonly string[]> {
    const edges = [texts.viewer.orientation.top, texts.viewer.orientation.right, texts.viewer.orientation.bottom, texts.viewer.orientation.left];
    return Promise.all(edges.map(async (edge) => ((await this.viewport(plane).getByLabel(new RegExp(`^${edge}`)).first().textContent()) ?? '').trim()));
  }

  /** Analyses the open study; a draft that is withheld is asked for all the same. */
  async analyse(): Promise<void> {
    await this.analyseAsItIs();
    if ((await this.draftAnyway.count()) > 0) await this.insist();
  }

  /** Analyses the open study, and stays with the notice if it is outside of what the model was made for. */
  async analyseAsItIs(): Promise<void> {
    await this.reading.getByRole('button', { name: new RegExp(texts.reading.analyse) }).click();
    await expect(this.reading.getByRole('button', { name: new RegExp(texts.reading.again) })).toBeVisible({ timeout: 150_000 });
  }

  /** Asks for the draft in spite of the notice. */
  async insist(): Promise<void> {
    await this.draftAnyway.click();
    await this.showTab('report');
    await expect(this.sentences.first()).toBeVisible({ timeout: 150_000 });
    await expect(this.reading.getByRole('button', { name: new RegExp(texts.reading.again) })).toBeVisible({ timeout: 150_000 });
  }

  get outsideNotice(): Locator {
    return this.reading.getByTestId('outside-notice');
  }

  get draftAnyway(): Locator {
    return this.outsideNotice.getByRole('button', { name: texts.findings.anyway });
  }

  /** What the heads say, with a button for each lesion. */
  get findings(): Locator {
    return this.reading.getByTestId('findings');
  }

  get sentences(): Locator {
    return this.draft.locator('[data-sentence]');
  }

  /** Shows a tab of the right column. */
  async showTab(name: keyof typeof texts.reading.tabs): Promise<void> {
    await this.reading.getByRole('tab', { name: texts.reading.tabs[name] }).click();
  }

  cases(title: string = texts.reading.similar): Locator {
    return this.reading.getByRole('region', { name: title }).locator('[data-case]');
  }

  async searchCases(words: string): Promise<void> {
    await this.showTab('similar');
    const box = this.reading.getByRole('searchbox', { name: texts.reading.search });
    await box.fill(words);
    await box.press('Enter');
  }

  /** Makes the first reader, a radiologist, who then reads. */
  async addReader(name: string, passphrase: string): Promise<void> {
    await this.statusBar.getByRole('button', { name: texts.readers.nobody }).click();
    const sheet = this.page.getByRole('dialog', { name: texts.readers.firstTitle });
    await sheet.getByLabel(texts.readers.name, { exact: true }).fill(name);
    await sheet.getByLabel(texts.readers.passphrase, { exact: true }).fill(passphrase);
    await sheet.getByLabel(texts.readers.passphraseAgain).fill(passphrase);
    await sheet.getByRole('button', { name: texts.readers.addFirst }).click();
    await expect(this.statusBar.getByRole('button', { name: texts.readers.lockAction })).toBeVisible();
  }

  /** Opens a locked window. */
  async signIn(name: string, passphrase: string): Promise<void> {
    await this.page.getByLabel(texts.readers.name, { exact: true }).fill(name);
    await this.page.getByLabel(texts.readers.passphrase).fill(passphrase);
    await this.page.getByRole('button', { name: texts.readers.signIn }).click();
    await expect(this.statusBar.getByRole('button', { name: texts.readers.lockAction })).toBeVisible();
  }
}
