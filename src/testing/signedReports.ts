/** Signed reports in a store, with what became of their drafts, as the reporting service would have stored them. */
import { randomUUID } from 'node:crypto';
import type { Draft, PackStamp, ReportFlag, ReportSentence, SignedReport } from '../shared/contract.ts';
import { digestOf } from '../engine/report/canonicalJson.ts';
import type { WriteDb } from '../engine/store/database.ts';
import { putSigned } from '../engine/store/reports.ts';
import { sentence } from './reportSentences.ts';

export const draftingPack: PackStamp = { id: 'tiny', version: '1.0.0', training: 'synthetic', label: 'SYNTHETIC Tiny 1.0.0' };

/** @param texts a trailing `*` marks a sentence that no view supports */
export const draftFor = (texts: readonly string[], pack: PackStamp = draftingPack): Draft => ({
  study: '2.25.1', series: '2.25.1.1', stack: 0, origin: 'composed', pack, provider: 'cpu', createdAt: '2026-01-01T00:00:00.000Z', stop: 'complete', outside: null,
  sentences: texts.map((text, index) => ({ index, text: text.replace(/\*$/, ''), view: 1, similarity: text.endsWith('*') ? 0.1 : 0.8, slice: 3, supported: !text.endsWith('*'), sourceCase: null })),
});

/** What a reader did with the drafted sentences: null rejects, true keeps, words are an edit. */
export type Decision = true | null | string;

export const decided = ({ sentences }: Draft, decisions: readonly Decision[]): ReportSentence[] => decisions.map((decision, at) => {
  const { text, view, similarity, slice, supported } = sentences[at]!;
  return sentence(`s${at}`, typeof decision === 'string' ? decision : text, {
    origin: 'draft', original: text, state: decision === null ? 'rejected' : decision === true ? 'accepted' : 'edited', grounding: { view: view!, similarity: similarity!, slice, supported },
  });
});

export const flagOn = (kind: ReportFlag['kind'], at: string | null, dismissed = false): ReportFlag => ({
  id: `${kind}-${at ?? ''}`, kind, sentence: at, reason: 'For a test.', dismissed: dismissed ? { by: 'Dr Ada', at: '2026-01-01T00:00:00.000Z', why: 'It is right.' } : null,
});

export interface SignedParts {
  readonly study: string;
  readonly number?: number;
  readonly sentences: readonly ReportSentence[];
  readonly draft?: Draft | null;
  readonly flags?: readonly ReportFlag[];
  readonly openedAt: string;
  readonly signedAt: string;
}

/** Signs and stores a report. */
export function storeSigned(db: WriteDb, { study, number = 1, sentences, draft = null, flags = [], openedAt, signedAt }: SignedParts): SignedReport {
  const unsealed: Omit<SignedReport, 'digest'> = {
    id: randomUUID(), study, number, content: { sentences: [...sentences], answers: [], firstImpression: '' }, flags: [...flags],
    signedBy: { id: 'reader-1', name: 'Dr Ada', role: 'radiologist' }, openedAt, signedAt, pack: draft?.pack ?? null, draft: draft && { ...draft, study },
  };
  const signed = { ...unsealed, digest: digestOf(unsealed) };
  putSigned(db, signed);
  return signed;
}
