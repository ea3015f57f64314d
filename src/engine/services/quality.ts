/** The quality board over all signed reports, read a few at a time, so that neither memory nor the engine's other work is held up. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Handlers, MadeFile, QualityQuery, QualitySummary } from '../../shared/contract.ts';
import { cancelledError } from '../../shared/errors.ts';
import { keyOfPack, Totals } from '../quality/addUp.ts';
import { qualityCsv } from '../quality/csv.ts';
import { reportFigures } from '../quality/reportFigures.ts';
import type { Clock } from '../ports.ts';
import type { ReadDb } from '../store/database.ts';
import type { Store } from '../store/openStore.ts';
import { firstReports, signedMonths } from '../store/reports.ts';
import type { Session } from './session.ts';

/** Reports between two looks at what else waits. */
const atOnce = 20;

/** Addenda are not counted. @throws EngineError `store/damaged` if a report is not what was signed */
export async function summariseQuality(db: ReadDb, { from, to, pack }: QualityQuery, signal: AbortSignal): Promise<QualitySummary> {
  const totals = new Totals();
  const wanted = (stamp: { id: string; version: string } | null): boolean => pack === undefined || (stamp !== null && (stamp.id === pack || keyOfPack(stamp) === pack));
  let after = 0;
  for (;;) {
    if (signal.aborted) throw cancelledError('quality figures');
    const batch = firstReports(db, { from: from ?? '', to: to ?? '9999-12' }, after, atOnce);
    for (const { report, row } of batch) {
      after = row;
      if (wanted(report.draft?.pack ?? null)) totals.add(reportFigures(report));
    }
    if (batch.length < atOnce) return { months: signedMonths(db), ...totals.result() };
    await nextTurn();
  }
}

export const qualityFile = ({ groups }: QualitySummary, now: Date): MadeFile => ({ name: `brat-quality-${now.toISOString().slice(0, 10)}.csv`, mediaType: 'text/csv', bytes: new TextEncoder().encode(qualityCsv(groups)) });

/** For whoever is signed in: the figures name neither patients nor readers. */
export function qualityHandlers({ store: { db }, clock, session }: { readonly store: Store; readonly clock: Clock; readonly session: Session }): Pick<Handlers, 'quality.summary' | 'quality.csv'> {
  return {
    'quality.summary': (query, { signal }) => {
      session.requireAnyone();
      return summariseQuality(db, query, signal);
    },
    'quality.csv': async (query, { signal }) => {
      session.requireAnyone();
      return qualityFile(await summariseQuality(db, query, signal), clock.now());
    },
  };
}
