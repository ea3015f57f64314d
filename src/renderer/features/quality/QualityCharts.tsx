/** Four charts over the months, with one legend. The table beneath holds the same figures for who does not see them. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { fewReports, type QualityGroup } from '../../../shared/contract/quality.ts';
import { texts } from '../../texts.ts';
import { inBackground } from '../notices/noticesStore.ts';
import { usePreferences } from '../settings/preferencesStore.ts';
import { draftedOf, drawnKeys, linesOf, monthsOf, type ChartLine } from './series.ts';

const t = texts.quality;

interface ChartProps {
  readonly title: string;
  readonly months: readonly string[];
  readonly lines: readonly ChartLine[];
  readonly keys: readonly string[];
  readonly top: number | null;
  readonly shown: (value: number) => string;
}

function Chart({ title, months, lines, keys, top, shown }: ChartProps): ReactNode {
  const target = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState(false);
  // Colours are read off the page when a chart is drawn.
  const theme = usePreferences(({ preferences }) => preferences?.theme);
  useEffect(() => {
    let remove: (() => void) | null = null;
    let gone = false;
    inBackground(import('./drawChart.ts').then(({ drawChart }) => {
      if (gone || target.current === null) return;
      remove = drawChart(target.current, { months, lines, places: lines.map(({ key }) => keys.indexOf(key)), top, shown });
      setDrawn(true);
    }), title);
    return () => {
      gone = true;
      remove?.();
    };
  }, [title, months, lines, keys, top, shown, theme]);
  return (
    <figure className="quality-chart">
      <figcaption>{title}</figcaption>
      <div ref={target} className="canvas" role="img" aria-label={t.charts.label(title)} aria-busy={!drawn} />
    </figure>
  );
}

const minutes = (value: number): string => `${Number(value.toFixed(1))} ${t.charts.minutes}`;

const charts: readonly { readonly name: 'changed' | 'kept' | 'missed' | 'seconds'; readonly top: number | null; readonly shown: (value: number) => string; readonly value: (group: QualityGroup) => number | null }[] = [
  { name: 'changed', top: 1, shown: t.percent, value: ({ changedShare }) => changedShare?.median ?? null },
  { name: 'kept', top: 1, shown: t.percent, value: (group) => (draftedOf(group) === 0 ? null : group.sentences.kept / draftedOf(group)) },
  { name: 'missed', top: 1, shown: t.percent, value: ({ pack, reports, reportsMissed }) => (pack === null ? null : reportsMissed / reports) },
  { name: 'seconds', top: null, shown: minutes, value: ({ seconds }) => (seconds === null ? null : seconds.median / 60) },
];

export function QualityCharts({ groups, packs }: { readonly groups: readonly QualityGroup[]; readonly packs: readonly QualityGroup[] }): ReactNode {
  const keys = useMemo(() => drawnKeys(packs), [packs]);
  const months = useMemo(() => monthsOf(groups), [groups]);
  const lines = useMemo(() => charts.map(({ value }) => linesOf(groups, keys, months, value).filter(({ values }) => values.some((one) => one !== null))), [groups, keys, months]);
  return (
    <section>
      <div className="quality-legend">
        <ul aria-label={t.charts.legend}>
          {keys.map((key, place) => (
            <li key={key}><svg className={`mark series-${place}`} width="34" height="10" aria-hidden><line x1="1" y1="5" x2="33" y2="5" /><circle cx="17" cy="5" r="3.5" /></svg>{key === '' ? t.withoutDraft : key}</li>
          ))}
        </ul>
        {groups.some(({ tooFew }) => tooFew) ? <p>{t.charts.hollow(fewReports)}</p> : null}
      </div>
      <div className="quality-charts">
        {charts.map(({ name, top, shown }, at) => <Chart key={name} title={t.charts[name]} months={months} lines={lines[at]!} keys={keys} top={top} shown={shown} />)}
      </div>
    </section>
  );
}
