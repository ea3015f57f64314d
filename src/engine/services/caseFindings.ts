/**
 * What is known of cases in structured words, for filters, chips and 'in common': read from their reports by the rules of
 * statements/, once for each report, and kept. Only answers that a normal study does not have count as findings; a report
 * that denies enhancing lesions is kept as such.
 */
import { setImmediate } from 'node:timers/promises';
import type { CaseFinding } from '../../shared/contract.ts';
import { holds } from '../../shared/threshold.ts';
import { cancelledError } from '../../shared/errors.ts';
import { questions } from '../../shared/figure14.ts';
import { readReport } from '../statements/readReport.ts';
import { casesToRead, casesWithFinding, countFindings, findingsOfCase, isRead, putCaseFindings } from '../store/caseFindings.ts';
import { sentencesOfCase } from '../store/cases.ts';
import type { Store } from '../store/openStore.ts';
import type { Analyses } from './analysis.ts';

/** Raise it when the rules read reports differently: kept readings of another version are made anew. */
const readingVersion = 1;
const batch = 200;

export class CaseFindings {
  readonly #store: Store;
  readonly #analyses: Analyses;

  constructor(store: Store, analyses: Analyses) {
    this.#store = store;
    this.#analyses = analyses;
  }

  of(id: string): CaseFinding[] {
    const { db } = this.#store;
    if (!isRead(db, id, readingVersion)) putCaseFindings(db, readingVersion, [{ id, findings: findingsIn(sentencesOfCase(db, id)) }]);
    return inOrder(findingsOfCase(db, id));
  }

  /** Of a study that is being read: what the heads say, and what its draft does. */
  async ofStudy(study: string, draft: readonly string[]): Promise<CaseFinding[]> {
    const heads = (await this.#analyses.findings(study))?.findings ?? [];
    const told = [...heads.filter(holds), ...findingsIn(draft)].map(({ question, answer }) => ({ question, answer }));
    return inOrder(told.filter((one, at) => told.findIndex(({ question, answer }) => question === one.question && answer === one.answer) === at && isFinding(one)));
  }

  /** Ids of the cases with a finding; reads what was not read so far. @throws EngineError `cancelled` */
  async casesWith(finding: CaseFinding, signal: AbortSignal): Promise<ReadonlySet<string>> {
    await this.#readAll(signal);
    return new Set(casesWithFinding(this.#store.db, finding));
  }

  /** Every finding some case has, in the order of the questions. @throws EngineError `cancelled` */
  async known(signal: AbortSignal): Promise<(CaseFinding & { cases: number })[]> {
    await this.#readAll(signal);
    return inOrder(countFindings(this.#store.db));
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    const { db } = this.#store;
    for (let open = casesToRead(db, readingVersion, batch); open.length > 0; open = casesToRead(db, readingVersion, batch)) {
      putCaseFindings(db, readingVersion, open.map(({ id, sentences }) => ({ id, findings: findingsIn(sentences) })));
      await setImmediate();
      if (signal.aborted) throw cancelledError('findings');
    }
  }
}

const isFinding = ({ question, answer }: CaseFinding): boolean => {
  const known = questions.find(({ id }) => id === question);
  return known !== undefined && answer !== 'NA' && answer !== known.normal;
};

function findingsIn(sentences: readonly string[]): CaseFinding[] {
  const { answers, told } = readReport(sentences);
  const found = questions.flatMap(({ id }) => answers[id].map((answer) => ({ question: id, answer }))).filter(isFinding);
  const denied = answers.enhancing.includes('No') && told.has('enhancing');
  return denied ? [{ question: 'enhancing', answer: 'No' }, ...found] : found;
}

const place = ({ question, answer }: CaseFinding): number => {
  const at = questions.findIndex(({ id }) => id === question);
  return 100 * at + (questions[at]?.options.indexOf(answer) ?? 0);
};

const inOrder = <T extends CaseFinding>(findings: readonly T[]): T[] => findings.toSorted((a, b) => place(a) - place(b));
