/** The figures of every pack and month, with the pack's sum above its months; what a column counts shows on its head. */
import type { ReactNode } from 'react';
import type { PackStamp } from '../../../shared/contract.ts';
import { fewReports, followedKinds, type QualityGroup } from '../../../shared/contract/quality.ts';
import { texts } from '../../texts.ts';
import { TrainingLabel } from '../connection/TrainingLabel.tsx';
import { draftedOf, keyOf } from './series.ts';

const t = texts.quality;

type Column = keyof typeof t.columns;

const columnGroups: readonly { readonly heading: string | null; readonly columns: readonly Column[] }[] = [
  { heading: null, columns: ['month', 'reports', 'changed'] },
  { heading: t.headings.sentences, columns: ['kept', 'edited', 'rejected', 'added'] },
  { heading: t.headings.findings, columns: ['missed', 'madeUp'] },
  { heading: t.headings.flags, columns: ['actedOn', 'dismissed', 'confirmed'] },
  { heading: null, columns: ['seconds'] },
];

function Share({ count, of }: { readonly count: number; readonly of: number }): ReactNode {
  return of === 0 ? t.none : <>{count.toLocaleString('en-GB')} <small>{t.percent(count / of)}</small></>;
}

function Spread({ values, shown }: { readonly values: QualityGroup['seconds']; readonly shown: (value: number) => string }): ReactNode {
  return values === null ? t.none : <>{shown(values.median)} <small>{t.quartiles(shown(values.lower), shown(values.upper))}</small></>;
}

function Row({ group }: { readonly group: QualityGroup }): ReactNode {
  const { pack, month, reports, tooFew, changedShare, sentences, flags, seconds, reportsMissed, reportsMadeUp } = group;
  const drafted = draftedOf(group);
  const withDraft = pack === null ? 0 : reports;
  return (
    <tr className={month === null ? 'sum' : undefined} data-pack={keyOf(group)} data-month={month ?? ''}>
      <th scope="row">{month === null ? t.allMonths : t.monthName(month)}</th>
      <td>{reports.toLocaleString('en-GB')}{tooFew ? <> <span className="chip warning" title={t.fewHint(fewReports)}>{t.few}</span></> : null}</td>
      <td><Spread values={changedShare} shown={t.percent} /></td>
      {(['kept', 'edited', 'rejected'] as const).map((outcome) => <td key={outcome}><Share count={sentences[outcome]} of={drafted} /></td>)}
      <td>{sentences.added.toLocaleString('en-GB')}</td>
      <td><Share count={reportsMissed} of={withDraft} /></td>
      <td><Share count={reportsMadeUp} of={withDraft} /></td>
      <td>{pack === null ? t.none : flags.actedOn.toLocaleString('en-GB')}</td>
      <td>{flags.dismissed.toLocaleString('en-GB')}</td>
      <td>{flags.confirmed.toLocaleString('en-GB')}</td>
      <td><Spread values={seconds} shown={t.duration} /></td>
    </tr>
  );
}

function PackName({ pack }: { readonly pack: PackStamp | null }): ReactNode {
  return pack === null ? t.withoutDraft : <>{pack.id}@{pack.version} <TrainingLabel pack={pack} /></>;
}

export function QualityTable({ groups, packs }: { readonly groups: readonly QualityGroup[]; readonly packs: readonly QualityGroup[] }): ReactNode {
  return (
    <table className="quality-table selectable">
      <caption className="sr-only">{t.table}</caption>
      <thead>
        <tr>{columnGroups.map(({ heading, columns }, at) => (heading === null ? <td key={at} colSpan={columns.length} /> : <th key={at} colSpan={columns.length} scope="colgroup">{heading}</th>))}</tr>
        <tr>{columnGroups.flatMap(({ columns }) => columns.map((column) => <th key={column} scope="col" title={t.hints[column]}>{t.columns[column]}</th>))}</tr>
      </thead>
      {packs.map((sum) => {
        const months = groups.filter((group) => keyOf(group) === keyOf(sum));
        return (
          <tbody key={keyOf(sum)}>
            <tr className="pack"><th colSpan={13} scope="rowgroup"><PackName pack={sum.pack} /></th></tr>
            {months.map((group) => <Row key={group.month} group={group} />)}
            {months.length > 1 ? <Row group={sum} /> : null}
          </tbody>
        );
      })}
    </table>
  );
}

/** By finding and by kind of flag, over all months: what is behind the counts of reports and flags. */
export function QualityDetails({ packs }: { readonly packs: readonly QualityGroup[] }): ReactNode {
  const drafted = packs.filter(({ pack }) => pack !== null);
  if (drafted.length === 0) return null;
  const heads = (of: string, shown: readonly QualityGroup[]): ReactNode => <thead><tr><th scope="col">{of}</th>{shown.map((group) => <th key={keyOf(group)} scope="col">{group.pack === null ? t.withoutDraft : keyOf(group)}</th>)}</tr></thead>;
  return (
    <details className="quality-details selectable">
      <summary>{t.details}</summary>
      <p className="hint">{t.detailsHint}</p>
      <div className="tables">
        <table className="quality-table">
          <caption>{t.byFinding}</caption>
          {heads(t.finding, drafted)}
          <tbody>{drafted[0]!.findings.map(({ question }, at) => <tr key={question}><th scope="row">{t.questions[question]}</th>{drafted.map((group) => <td key={keyOf(group)}>{t.pair(group.findings[at]!.missed, group.findings[at]!.madeUp)}</td>)}</tr>)}</tbody>
        </table>
        <table className="quality-table">
          <caption>{t.byFlag}</caption>
          {heads(t.flag, packs)}
          <tbody>{(Object.keys(t.kinds) as (keyof typeof t.kinds)[]).map((kind) => (
            <tr key={kind}><th scope="row">{t.kinds[kind]}</th>{packs.map((group) => { const { dismissed, confirmed, actedOn } = group.flagsByKind[kind]; return <td key={keyOf(group)}>{t.triple(dismissed, confirmed, group.pack !== null && followedKinds.includes(kind) ? actedOn : t.none)}</td>; })}</tr>
          ))}</tbody>
        </table>
      </div>
    </details>
  );
}
