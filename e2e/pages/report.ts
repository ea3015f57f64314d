/** The report of the open study as a reader writes it. */
import { expect } from '@playwright/test';
import type { Locator, Page } from '@playwright/test';
import { texts } from '../../src/renderer/texts.ts';
import type { ReadingRoom } from './readingRoom.ts';

export class ReportPage {
  readonly page: Page;
  readonly room: ReadingRoom;
  readonly words: Locator;
  readonly sentences: Locator;
  readonly readFirst: Locator;
  readonly saveState: Locator;
  readonly bar: Locator;

  constructor(room: ReadingRoom) {
    this.room = room;
    this.page = room.page;
    this.words = room.reading.getByRole('textbox', { name: texts.report.words });
    this.sentences = this.words.locator('[data-id]');
    this.readFirst = room.reading.getByRole('region', { name: texts.report.readFirst.title });
    this.saveState = room.reading.locator('[data-saving]');
    this.bar = room.reading.getByLabel(texts.report.bar, { exact: true });
  }

  /** Sentences of a state, or all that have words. */
  inState(state: 'proposed' | 'accepted' | 'edited' | 'rejected'): Locator {
    return this.words.locator(`[data-id][data-state="${state}"]:not(.blank)`);
  }

  section(name: keyof typeof texts.report.sections): Locator {
    return this.words.locator(`[data-section="${name}"]`);
  }

  get focused(): Locator {
    return this.words.locator('[data-id][data-focused]');
  }

  flags(of: Locator = this.room.reading): Locator {
    return of.locator('[data-flag]:not(.dismissed)');
  }

  /** Waits until the engine has confirmed all of it. */
  async saved(): Promise<void> {
    await expect(this.saveState).toHaveAttribute('data-saving', 'saved');
  }

  /** Texts of sentences with their states, as they stand. */
  async told(): Promise<string[]> {
    return this.sentences.evaluateAll((rows) => rows.filter((row) => !row.classList.contains('blank')).map((row) => `${(row as HTMLElement).dataset['state'] ?? ''}: ${row.querySelector('.sentence-words')?.textContent ?? ''}`));
  }
}
