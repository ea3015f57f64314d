/**
 * What the engine says of the text while it is written: flags, and which view carries each sentence. Asked a moment after the
 * text changed, never waited for; an answer about a text that has changed since is dropped where it no longer fits.
 */
import type { ReportSentence } from '../../../shared/contract.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { tellError } from '../notices/noticesStore.ts';
import { useMeasurements } from '../measurements/measurementStore.ts';
import { useReading } from '../reading/readingStore.ts';
import { useViewer } from '../viewer/viewerStore.ts';
import { useReport } from './reportStore.ts';
import { isStanding, kept, wording } from './sentences.ts';

/** After the last change, ms. */
const groundAfterMs = 200;
const flagAfterMs = 400;
/** What the contract takes at once. */
const mostSentences = 200;

let groundTimer = 0;
let flagTimer = 0;
let grounded = '';

const isSpoken = (sentence: ReportSentence): boolean => isStanding(sentence) && sentence.section !== 'technique' && sentence.text.trim() !== '';

async function ground(study: string): Promise<void> {
  const asked = useReport.getState().content.sentences.filter(isSpoken).slice(0, mostSentences);
  const key = JSON.stringify(asked.map(({ id, text }) => [id, text]));
  if (key === grounded || asked.length === 0) return;
  try {
    const answers = new Map((await bridge().call('report.ground', { study, sentences: asked.map(({ id, text }) => ({ id, text })) })).map(({ id, grounding }) => [id, grounding]));
    if (useReport.getState().study !== study) return;
    grounded = key;
    const textOf = new Map(asked.map(({ id, text }) => [id, text]));
    useReport.getState().editSentences((sentences) => {
      const next = sentences.map((sentence) => {
        const grounding = answers.get(sentence.id);
        const fits = grounding !== undefined && textOf.get(sentence.id) === sentence.text && JSON.stringify(grounding) !== JSON.stringify(sentence.grounding);
        return fits ? { ...sentence, grounding } : sentence;
      });
      return next.some((sentence, at) => sentence !== sentences[at]) ? next : sentences;
    });
  } catch (error) {
    // A study that was not read yet has no views; it is asked again after the next change.
    if (!['search/not-encoded', 'bridge/closed', 'host/crashed'].includes(failureOf(error, study)?.code ?? '')) tellError(error, texts.report.title);
  }
}

async function check(study: string): Promise<void> {
  const { content } = useReport.getState();
  try {
    const flags = await bridge().call('report.flags', { study, content: { sentences: [...kept(content.sentences)] } });
    if (useReport.getState().study === study) useReport.setState({ flags });
  } catch (error) {
    if (!['bridge/closed', 'host/crashed'].includes(failureOf(error, study)?.code ?? '')) tellError(error, texts.report.flags.title);
  }
}

function later(study: string, groundMs: number, flagMs: number): void {
  window.clearTimeout(groundTimer);
  window.clearTimeout(flagTimer);
  groundTimer = window.setTimeout(() => { void ground(study); }, groundMs);
  flagTimer = window.setTimeout(() => { void check(study); }, flagMs);
}

/** Asks again although the text is the same: a measurement, a reading of the study or a prior beside it may change the answer. */
function checkAgain(): void {
  const { study, phase } = useReport.getState();
  if (study === null || phase !== 'writing') return;
  grounded = '';
  later(study, groundAfterMs, flagAfterMs);
}

/** Sets a flag aside, on the record. */
export async function dismissFlag(flag: string, why: string): Promise<void> {
  const { study, session } = useReport.getState();
  if (study === null || session?.reader == null) return;
  try {
    await bridge().call('report.dismissFlag', { study, flag, by: session.reader.name, why });
    await check(study);
  } catch (error) {
    tellError(error, texts.report.flags.title);
  }
}

/** Takes a dismissal back. */
export async function restoreFlag(flag: string): Promise<void> {
  const { study, session } = useReport.getState();
  if (study === null || session?.reader == null) return;
  try {
    await bridge().call('report.restoreFlag', { study, flag, by: session.reader.name });
    await check(study);
  } catch (error) {
    tellError(error, texts.report.flags.title);
  }
}

useReport.subscribe(({ study, phase, content }, before) => {
  if (study === null || phase !== 'writing') return;
  const opened = before.phase !== 'writing' || before.study !== study;
  if (opened) grounded = '';
  if (opened) later(study, groundAfterMs, 0);
  else if (content !== before.content && wording(content) !== wording(before.content)) later(study, groundAfterMs, flagAfterMs);
});

useMeasurements.subscribe(({ items }, before) => { if (items !== before.items) checkAgain(); });
useReading.subscribe(({ phase }, before) => { if (phase === 'done' && phase !== before.phase) checkAgain(); });
useViewer.subscribe(({ companion }, before) => { if (companion !== before.companion) checkAgain(); });

checkAgain(); // a report may have been opened before this was loaded
