/** The audit trail in plain words, newest first; its check, and files of it. */
import { Download, LoaderCircle, ShieldAlert, ShieldCheck } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { AuditEntryShown, AuditFormat, AuditVerdict } from '../../../shared/contract.ts';
import { auditFormat } from '../../../shared/contract/audit.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { shownDateTime } from '../../ui/format.ts';
import { saveFile } from '../../ui/saveFile.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { tell } from '../notices/noticesStore.ts';
import { useStudies } from '../studies/studiesStore.ts';
import './audit.css';

const pageSize = 50;
const markShown = 8;

function Verdict({ verdict }: { readonly verdict: AuditVerdict }): ReactNode {
  const { broken, entries, clockSetBackAt, unwatchedBefore, head } = verdict;
  const Icon = broken === null ? ShieldCheck : ShieldAlert;
  return (
    <div className={`verdict ${broken === null ? 'whole' : 'broken'}`} role={broken === null ? 'status' : 'alert'}>
      <Icon size={16} aria-hidden />
      <div>
        <p><b>{broken === null ? texts.audit.whole(entries) : texts.audit.broken(broken.sequence, broken.reason)}</b></p>
        {clockSetBackAt.length === 0 ? null : <p>{texts.audit.clockSetBack(clockSetBackAt.length)}</p>}
        {unwatchedBefore.length === 0 ? null : <p>{texts.audit.unwatched(unwatchedBefore.length)}</p>}
        <p className="head selectable" title={texts.audit.headHint}><code>{texts.audit.head(head.sequence, head.hash)}</code></p>
      </div>
    </div>
  );
}

function Entries({ entries, names }: { readonly entries: readonly AuditEntryShown[]; readonly names: ReadonlyMap<string, string> }): ReactNode {
  return (
    <table className="audit-entries">
      <thead><tr>{(['sequence', 'at', 'who', 'what', 'study'] as const).map((column) => <th key={column} scope="col">{texts.audit.columns[column]}</th>)}</tr></thead>
      <tbody className="selectable">
        {entries.map(({ sequence, at, actor, kind, detail }) => (
          <tr key={sequence} data-kind={kind}>
            <td>{sequence}</td>
            <td className="when">{shownDateTime(at)}</td>
            <td>{actor === 'system' ? <span className="quiet">{texts.audit.system}</span> : (names.get(actor) ?? actor)}</td>
            <td>{texts.audit.say(kind, detail)}{typeof detail['reader'] === 'string' && names.has(detail['reader']) ? ` (${names.get(detail['reader'])!})` : ''}</td>
            <td className="quiet">{typeof detail['study'] === 'string' ? <code title={detail['study']}>{detail['study'].slice(0, markShown)}</code> : null}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function AuditSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const study = useStudies((state) => state.openStudy);
  const [onlyStudy, setOnlyStudy] = useState(false);
  const [entries, setEntries] = useState<readonly AuditEntryShown[]>([]);
  const [total, setTotal] = useState<number | null>(null);
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  const [verdict, setVerdict] = useState<AuditVerdict | 'checking' | null>(null);
  const [failure, setFailure] = useState<ErrorData | null>(null);
  const fail = (error: unknown): void => { setFailure(failureOf(error, texts.audit.title)); };
  const filter = onlyStudy ? study : null;
  useEffect(() => {
    let current = true;
    Promise.all([bridge().call('audit.page', { limit: pageSize, study: filter }), bridge().call('readers.list', {})]).then(([page, readers]) => {
      if (!current) return;
      setEntries(page.entries);
      setTotal(page.total);
      setNames(new Map(readers.map(({ id, name }) => [id, name])));
    }, fail);
    return () => { current = false; };
  }, [filter]);
  const more = (): void => {
    const before = entries.at(-1)?.sequence ?? null;
    bridge().call('audit.page', { before, limit: pageSize, study: filter }).then((page) => { setEntries((shown) => (shown.at(-1)?.sequence === before ? [...shown, ...page.entries] : shown)); }, fail);
  };
  const verify = (): void => {
    setVerdict('checking');
    bridge().call('audit.verify', {}).then(setVerdict, (error: unknown) => { setVerdict(null); fail(error); });
  };
  const save = (format: AuditFormat): void => {
    bridge().call('audit.export', { format }).then((file) => {
      saveFile(file);
      tell(texts.audit.exported(file.name));
    }, fail);
  };
  return (
    <Sheet
      title={texts.audit.title} onClose={onClose}
      foot={<>{auditFormat.options.map((format) => <Button key={format} onClick={() => { save(format); }}><Download size={13} aria-hidden />{texts.audit.formats[format]}</Button>)}</>}
    >
      <div className="audit">
        <p className="hint">{texts.audit.hint}</p>
        <div className="audit-bar">
          <Button onClick={verify} disabled={verdict === 'checking'}>{verdict === 'checking' ? <LoaderCircle size={13} className="spin" aria-hidden /> : <ShieldCheck size={13} aria-hidden />}{verdict === 'checking' ? texts.audit.verifying : texts.audit.verify}</Button>
          {study === null ? null : <label className="only"><input type="checkbox" checked={onlyStudy} onChange={(event) => { setOnlyStudy(event.target.checked); }} />{texts.audit.onlyStudy}</label>}
          <span className="spacer" />
          <span role="status" className="quiet">{total === null ? texts.audit.loading : texts.audit.total(total)}</span>
        </div>
        {failure === null ? null : <Failure error={failure} />}
        {verdict === null || verdict === 'checking' ? null : <Verdict verdict={verdict} />}
        {total === 0 ? <p className="note">{texts.audit.none}</p> : <Entries entries={entries} names={names} />}
        {total !== null && entries.length < total ? <Button kind="quiet" onClick={more}>{texts.audit.more}</Button> : null}
      </div>
    </Sheet>
  );
}
