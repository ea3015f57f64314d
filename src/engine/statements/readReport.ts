/** What the sentences of a report say together: Figure 14's answers, as brat_train.evaluate.read_findings adds them up. */
import { countClass, questions, sizeClass, type QuestionId } from '../../shared/figure14.ts';
import { readSentence, type LesionMention, type SentenceReading } from './readSentence.ts';
import type { Topic } from './vocabulary.ts';

export interface ReportReading {
  readonly sentences: readonly SentenceReading[];
  /** Every question's answers; those of a normal study where the text does not speak of it. */
  readonly answers: Readonly<Record<QuestionId, readonly string[]>>;
  /** Questions that some sentence speaks of, with the indices of those sentences. */
  readonly told: ReadonlyMap<QuestionId, readonly number[]>;
  /** Normality is said, and nothing else contradicts it. */
  readonly callsNormal: boolean;
}

export function readReport(sentences: readonly string[]): ReportReading {
  const read = sentences.map(readSentence);
  const answers = answersOf(read);
  const abnormal = questions.some(({ id, normal }) => answers[id].join() !== normal);
  const saysNormal = read.some(({ normal, denied }) => normal !== null || denied.some(({ topic, places }) => topic === 'lesion' && places.length === 0));
  return { sentences: read, answers, told: toldBy(read), callsNormal: saysNormal && !abnormal };
}

const yes = (value: boolean): readonly string[] => [value ? 'Yes' : 'No'];

function answersOf(read: readonly SentenceReading[]): Record<QuestionId, readonly string[]> {
  const lesions = read.flatMap((one) => one.lesions).filter((lesion) => lesion.enhancing);
  const counted = read.some((one) => one.count !== null);
  const count = read.reduce((sum, one) => sum + (one.count?.count ?? 0), 0);
  const single = lesions.filter((one) => !one.listed && !(one.largest && counted));
  const special = single.filter(isSpecial);
  // A count is of the lesions in the brain; masses of the dura and the sella are told beside it.
  const total = counted ? Math.max(count + special.length, single.length) : single.length;
  const locations = new Set(lesions.map((one) => one.place?.location));
  const sella = lesions.some((one) => one.kind === 'sellar');
  const compression = new Set(read.flatMap((one) => one.compression));
  return {
    surgery: yes(read.some((one) => one.surgery)),
    surgeryKind: [read.findLast((one) => one.craniotomy !== null)?.craniotomy ?? 'NA'],
    enhancing: yes(total > 0),
    size: [sizeAnswer(lesions)],
    side: [sideAnswer(read, lesions, single)],
    locations: chosen('locations', (option) => locations.has(option)),
    count: [countClass(total)],
    shift: yes(read.some((one) => one.shift !== null)),
    hydrocephalus: yes(read.some((one) => one.hydrocephalus)),
    whiteMatter: yes(read.some((one) => one.whiteMatter !== null)),
    pituitaryNormal: yes(!sella),
    sella: yes(sella),
    compression: chosen('compression', (option) => compression.has(option)),
  };
}

const isSpecial = ({ kind }: LesionMention): boolean => kind === 'dural' || kind === 'sellar';

function chosen(id: QuestionId, holds: (option: string) => boolean): readonly string[] {
  const { options, normal } = questions.find((question) => question.id === id)!;
  const held = options.filter(holds);
  return held.length > 0 ? held : [normal];
}

function sizeAnswer(lesions: readonly LesionMention[]): string {
  const sizes = lesions.flatMap(({ sizeMm }) => sizeMm ?? []);
  if (sizes.length > 0) return sizeClass(Math.max(...sizes));
  return lesions.some(({ kind }) => kind === 'punctate') ? 'Less than 1cm' : 'NA';
}

/** By what is said of it, else by the lesions told one by one, else by the places listed. */
function sideAnswer(read: readonly SentenceReading[], lesions: readonly LesionMention[], single: readonly LesionMention[]): string {
  const more = read.findLast((one) => one.more !== null)?.more;
  if (more) return more === 'left' ? 'Left' : 'Right';
  const listed = lesions.filter((one) => one.listed);
  const counted = listed.length > 0 ? [...listed, ...single.filter(isSpecial)] : single;
  const [left, right] = (['left', 'right'] as const).map((side) => counted.filter((one) => one.side === side).length) as [number, number];
  return left > right ? 'Left' : right > left ? 'Right' : 'NA';
}

const deniedQuestions: Partial<Record<Topic, readonly QuestionId[]>> = {
  lesion: ['enhancing', 'size', 'side', 'locations', 'count'],
  shift: ['shift'],
  hydrocephalus: ['hydrocephalus'],
  whiteMatter: ['whiteMatter'],
  sella: ['sella', 'pituitaryNormal'],
  surgery: ['surgery', 'surgeryKind'],
  compression: ['compression'],
};

function toldBy(read: readonly SentenceReading[]): Map<QuestionId, number[]> {
  const told = new Map<QuestionId, number[]>();
  read.forEach((one, index) => {
    for (const id of new Set(questionsOf(one))) told.set(id, [...(told.get(id) ?? []), index]);
  });
  return told;
}

/** The questions that a sentence answers, whichever way. */
export function questionsOf(one: SentenceReading): QuestionId[] {
  const ids: QuestionId[] = one.denied.flatMap(({ topic, places }) => (topic === 'lesion' && places.length > 0 ? [] : (deniedQuestions[topic] ?? [])));
  if (one.surgery) ids.push('surgery');
  if (one.craniotomy !== null) ids.push('surgeryKind');
  if (one.shift) ids.push('shift');
  if (one.hydrocephalus) ids.push('hydrocephalus');
  if (one.whiteMatter !== null) ids.push('whiteMatter');
  if (one.compression.length > 0) ids.push('compression');
  if (one.more) ids.push('side');
  if (one.normal === 'study') ids.push(...questions.map(({ id }) => id));
  if (one.normal === 'brain') ids.push(...deniedQuestions.lesion!);
  if (one.count) ids.push('enhancing', 'count');
  for (const lesion of one.lesions.filter((mention) => mention.enhancing)) {
    ids.push('enhancing');
    if (!lesion.listed) ids.push('count');
    if (lesion.sizeMm !== null || lesion.kind === 'punctate') ids.push('size');
    if (lesion.place?.location != null) ids.push('locations');
    if (lesion.side === 'left' || lesion.side === 'right') ids.push('side');
    if (lesion.kind === 'sellar') ids.push('sella', 'pituitaryNormal');
  }
  return ids;
}
