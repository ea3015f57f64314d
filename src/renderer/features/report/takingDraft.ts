/** Puts the draft into the report once it is whole and may be seen; a draft that was written anew takes the place of what nobody decided on. */
import { texts } from '../../texts.ts';
import { tellError } from '../notices/noticesStore.ts';
import { useReading } from '../reading/readingStore.ts';
import { draftIsOpen, useReport } from './reportStore.ts';

/** Drafts that are in their report already, by study and time. */
const taken = new Set<string>();

function takeIfReady(): void {
  const { study, phase, report } = useReport.getState();
  const { study: read, phase: analysis, progress: { draft } } = useReading.getState();
  if (study === null || phase !== 'writing' || report === null || read !== study || analysis !== 'done' || draft === null) return;
  if (report.number > 1) return; // an addendum is written, not drafted
  const key = `${study} ${draft.createdAt}`;
  const first = ![...taken].some((one) => one.startsWith(`${study} `));
  // The draft that was there when the report was opened again is the one that was taken then.
  if (first && report.pack !== null) taken.add(key);
  if (taken.has(key) || !draftIsOpen(useReport.getState())) return;
  taken.add(key);
  useReport.getState().takeDraft().catch((error: unknown) => {
    taken.delete(key);
    tellError(error, texts.reading.draft);
  });
}

useReport.subscribe(takeIfReady);
useReading.subscribe(takeIfReady);
