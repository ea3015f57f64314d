import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeWithData, sharedData } from '../../testing/sharedData.ts';
import { readStructuredReport } from './structuredReport.ts';

describeWithData('a structured report of another writer', () => {
  test('that is marked as partial is no report yet', async () => {
    const item = await readStructuredReport({ path: join(sharedData, 'selection-distractors/basic-text-sr.dcm'), name: 'basic-text-sr.dcm' });
    expect(item).toMatchObject({ kind: 'problem', code: 'reports/not-final' });
  });
});
