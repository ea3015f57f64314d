/** What an analysis has told so far: a pure fold over its events. */
import type { AnalysisEvent, AnalysisStep, DraftSentence, InsideOfTraining, PackStamp, SimilarCase, Draft, StudyFindings } from '../../../shared/contract.ts';

export const analysisSteps: readonly AnalysisStep[] = ['read', 'preprocess', 'encode', 'findings', 'search', 'draft', 'ground'];

export interface StepProgress {
  readonly state: 'waiting' | 'started' | 'done' | 'skipped';
  readonly ms: number | null;
  readonly message: string;
}

export interface AnalysisProgress {
  readonly steps: Readonly<Record<AnalysisStep, StepProgress>>;
  readonly views: { readonly count: number; readonly size: number } | null;
  readonly pack: PackStamp | null;
  readonly provider: string;
  readonly similar: readonly SimilarCase[] | null;
  readonly sentences: readonly DraftSentence[];
  /** Text written since the last whole sentence. */
  readonly tail: string;
  readonly draft: Draft | null;
  /** What the pack's heads say; null where it has none or has not come so far. */
  readonly findings: StudyFindings | null;
  /** Why no draft was made. */
  readonly withheld: InsideOfTraining | null;
}

const waiting: StepProgress = { state: 'waiting', ms: null, message: '' };

export const noProgress: AnalysisProgress = {
  steps: { read: waiting, preprocess: waiting, encode: waiting, findings: waiting, search: waiting, draft: waiting, ground: waiting },
  views: null, pack: null, provider: '', similar: null, sentences: [], tail: '', draft: null, findings: null, withheld: null,
};

/** Text that is left once a sentence of it has arrived on its own; white space may differ between the two. */
function afterSentence(tail: string, sentence: string): string {
  const squeezed = (text: string): string => text.replaceAll(/\s+/g, '');
  const wanted = squeezed(sentence).length;
  let seen = 0;
  for (let at = 0; at < tail.length; at++) {
    if (!/\s/.test(tail[at]!)) seen += 1;
    if (seen === wanted) return tail.slice(at + 1).trimStart();
  }
  return '';
}

/** Sentences keep their own order, whatever order they arrive in; a repeated index replaces. */
function withSentence(sentences: readonly DraftSentence[], sentence: DraftSentence): readonly DraftSentence[] {
  return [...sentences.filter(({ index }) => index !== sentence.index), sentence].sort((a, b) => a.index - b.index);
}

export function afterEvent(progress: AnalysisProgress, event: AnalysisEvent): AnalysisProgress {
  switch (event.kind) {
    case 'step':
      return { ...progress, steps: { ...progress.steps, [event.step]: { state: event.state, ms: event.ms, message: event.message } } };
    case 'views':
      return { ...progress, views: { count: event.count, size: event.size }, pack: event.pack, provider: event.provider };
    case 'similar':
      return { ...progress, similar: event.cases };
    case 'findings':
      return { ...progress, findings: event.findings };
    case 'withheld':
      return { ...progress, withheld: event.insideOfTraining };
    case 'text':
      return { ...progress, tail: (progress.tail + event.text).trimStart() };
    case 'sentence':
      return { ...progress, sentences: withSentence(progress.sentences, event.sentence), tail: afterSentence(progress.tail, event.sentence.text) };
    case 'done':
      return { ...progress, ...fromDraft(event.draft), tail: '' };
  }
}

/** Why what is shown must not be believed: the image is of another kind than the pack was made for. */
export function outsideOf({ findings, withheld, draft }: AnalysisProgress): InsideOfTraining | null {
  const judged = withheld ?? draft?.outside ?? findings?.insideOfTraining ?? null;
  return judged?.inside === false ? judged : null;
}

/** What a stored draft tells without its analysis being run again. */
export function fromDraft(draft: Draft): Pick<AnalysisProgress, 'draft' | 'sentences' | 'pack' | 'provider'> {
  return { draft, sentences: draft.sentences, pack: draft.pack, provider: draft.provider };
}
