/** The quality board: whether drafts help, by the reports that were signed here. */
import { ChartLine, Download } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { QualitySummary } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { saveFile } from '../../ui/saveFile.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { QualityCharts } from './QualityCharts.tsx';
import { QualityDetails, QualityTable } from './QualityTable.tsx';
import { keyOf, monthsBetween } from './series.ts';
import './quality.css';

const t = texts.quality;

interface Range {
  readonly from?: string;
  readonly to?: string;
}

function MonthChoice({ label, months, value, onChange }: { readonly label: string; readonly months: readonly string[]; readonly value: string; readonly onChange: (month: string) => void }): ReactNode {
  return (
    <label>{label}
      <select className="select" value={value} onChange={(event) => { onChange(event.target.value); }}>
        {months.map((month) => <option key={month} value={month}>{t.monthName(month)}</option>)}
      </select>
    </label>
  );
}

export function QualitySheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [range, setRange] = useState<Range>({});
  const [pack, setPack] = useState<string | null>(null);
  const [summary, setSummary] = useState<QualitySummary | null>(null);
  const [failure, setFailure] = useState<ErrorData | null>(null);
  useEffect(() => {
    let current = true;
    bridge().call('quality.summary', range).then(
      (counted) => { if (current) { setSummary(counted); setFailure(null); } },
      (error: unknown) => { if (current) setFailure(failureOf(error, t.failed)); },
    );
    return () => { current = false; };
  }, [range]);

  const chosen = useMemo(() => {
    const shown = (group: QualitySummary['groups'][number]): boolean => pack === null || keyOf(group) === pack;
    return { groups: summary?.groups.filter(shown) ?? [], packs: summary?.packs.filter(shown) ?? [] };
  }, [summary, pack]);
  const save = (): void => {
    bridge().call('quality.csv', { ...range, ...(pack === null ? {} : { pack }) }).then(saveFile, (error: unknown) => { setFailure(failureOf(error, t.failed)); });
  };

  return (
    <Sheet title={t.title} onClose={onClose}>
      <div className="quality">
        {failure === null ? null : <Failure error={failure} />}
        {summary === null ? (failure === null ? <p role="status">{t.counting}</p> : null) : summary.months === null ? <Empty /> : (
          <>
            <div className="quality-head">
              <p>{t.about}</p>
              <Choices months={monthsBetween(summary.months.first, summary.months.last)} range={range} onRange={setRange} summary={summary} pack={pack} onPack={setPack} />
              <p role="status"><strong>{t.counted(summary.reports, summary.withDraft)}</strong></p>
              <Button onClick={save}><Download size={14} aria-hidden />{t.download}</Button>
            </div>
            {chosen.groups.length === 0 ? <p className="empty">{t.emptyRange}</p> : (
              <>
                <QualityCharts {...chosen} />
                <QualityTable {...chosen} />
                <QualityDetails packs={chosen.packs} />
              </>
            )}
          </>
        )}
      </div>
    </Sheet>
  );
}

interface ChoicesProps {
  readonly months: readonly string[];
  readonly range: Range;
  readonly onRange: (range: Range) => void;
  readonly summary: QualitySummary;
  readonly pack: string | null;
  readonly onPack: (pack: string | null) => void;
}

function Choices({ months, range, onRange, summary, pack, onPack }: ChoicesProps): ReactNode {
  const [from, to] = [range.from ?? months[0]!, range.to ?? months.at(-1)!];
  const packs = summary.packs.filter((group) => group.pack !== null).map(keyOf);
  return (
    <div className="choices">
      <MonthChoice label={t.from} months={months} value={from} onChange={(month) => { onRange({ from: month, to: month > to ? month : to }); }} />
      <MonthChoice label={t.to} months={months} value={to} onChange={(month) => { onRange({ from: month < from ? month : from, to: month }); }} />
      <label>{t.pack}
        <select className="select" value={pack ?? ''} onChange={(event) => { onPack(event.target.value === '' ? null : event.target.value); }}>
          <option value="">{t.allPacks}</option>
          {[...new Set([...packs, ...(pack === null ? [] : [pack])])].map((key) => <option key={key} value={key}>{key}</option>)}
        </select>
      </label>
    </div>
  );
}

function Empty(): ReactNode {
  return (
    <div className="empty">
      <ChartLine size={22} aria-hidden />
      <h3>{t.empty}</h3>
      {t.emptyText.map((text) => <p key={text}>{text}</p>)}
    </div>
  );
}
