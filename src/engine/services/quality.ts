/** The quality board over all signed reports, read one at a time, so that neither memory nor the engine's other work is held up. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Handlers, MadeFile, QualityQuery, QualitySummary } from '../../shared/contract.ts';
import { cancelledError } from '../../shared/errors.ts';
import { keyOfPack, Totals } from '../quality/addUp.ts';
import { qualityCsv } from '../quality/csv.ts';
import { reportFigures, type ReportFigures } from '../quality/reportFigures.ts';
import type { Clock } from '../ports.ts';
import type { ReadDb } from '../store/database.ts';
import type { Store } from '../store/openStore.ts';
import { findSigned, reportIds, signedMonths } from '../store/reports.ts';
import type { Session } from './session.ts';

/** Reports counted between two looks at what else waits. */
const atOnce = 5;

/**
 * Addenda are not counted.
 * @param known figures by id of reports that were counted before, which are not read again; counted ones are added
 * @throws EngineError `store/damaged` if a report is not what was signed, `cancelled`
 */
export async function summariseQuality(db: ReadDb, { from, to, pack }: QualityQuery, signal: AbortSignal, known = new Map<string, ReportFigures>()): Promise<QualitySummary> {
  const totals = new Totals();
  const months = signedMonths(db);
  let counted = 0;
  for (const id of reportIds(db, { from: from ?? '', to: to ?? '9999-12' })) {
    if (signal.aborted) throw cancelledError('quality figures');
    const figures = known.get(id) ?? reportFigures(findSigned(db, id)!); // a signed report is never removed
    if (!known.has(id) && ++counted % atOnce === 0) await nextTurn();
    known.set(id, figures);
    if (pack === undefined || (figures.pack !== null && (figures.pack.id === pack || keyOfPack(figures.pack) === pack))) totals.add(figures);
  }
  return { months, ...totals.result() };
}

export const qualityFile = ({ groups }: QualitySummary, now: Date): MadeFile => ({ name: `brat-quality-${now.toISOString().slice(0, 10)}.csv`, mediaType: 'text/csv', bytes: new TextEncoder().encode(qualityCsv(groups)) });

/** For whoever is signed in: the figures name neither patients nor readers. */
export function qualityHandlers({ store: { db }, clock, session }: { readonly store: Store; readonly clock: Clock; readonly session: Session }): Pick<Handlers, 'quality.summary' | 'quality.csv'> {
  // A signed report never changes, nor do its figures: each is read once while the engine runs.
  const known = new Map<string, ReportFigures>();
  return {
    'quality.summary': (query, { signal }) => {
      session.requireAnyone();
      return summariseQuality(db, query, signal, known);
    },
    'quality.csv': async (query, { signal }) => {
      session.requireAnyone();
      return qualityFile(await summariseQuality(db, query, signal, known), clock.now());
    },
  };
}
