/** What was measured and marked in the open study: go there, name, copy, delete. */
import { ClipboardCopy, Eye, EyeOff, FileInput, Trash2 } from 'lucide-react';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import type { KeyImage, Measurement } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { Thumbnail } from '../../ui/Thumbnail.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { insertMeasurement } from '../report/insertMeasurement.ts';
import { useReport } from '../report/reportStore.ts';
import { useViewer } from '../viewer/viewerStore.ts';
import { jumpToKeyImage, jumpToMeasurement } from './jump.ts';
import { measurementLines, measurementText } from './measure.ts';
import { useMeasurements } from './measurementStore.ts';

const t = texts.measurements;

function MeasurementRow({ item }: { readonly item: Measurement }): ReactNode {
  const { selected, put, preview, remove } = useMeasurements();
  const writing = useReport(({ phase }) => phase === 'writing');
  const kind = t.kinds[item.kind];
  const name = item.label || kind;
  return (
    <li className={selected === item.id ? 'selected' : ''}>
      <input aria-label={t.name(kind)} value={item.label} placeholder={kind} maxLength={200} onChange={({ target }) => { preview({ ...item, label: target.value }); }} onBlur={() => { inBackground(put(item), t.title); }} onKeyDown={(event) => { if (event.key === 'Enter') event.currentTarget.blur(); }} />
      <span className="tools">
        {writing ? <IconButton label={t.insert(name)} icon={<FileInput size={13} />} onClick={() => { insertMeasurement(item); }} /> : null}
        <IconButton label={t.copy(name)} icon={<ClipboardCopy size={13} />} onClick={() => { inBackground(navigator.clipboard.writeText(measurementText(item)), t.title); }} />
        <IconButton label={t.remove(name)} icon={<Trash2 size={13} />} onClick={() => { inBackground(remove(item.id), t.title); }} />
      </span>
      <button type="button" className="numbers" aria-label={t.jump(name)} onClick={() => { jumpToMeasurement(item); }}>
        {[...measurementLines(item), ...(item.slice === null ? [] : [t.slice(item.slice + 1)])].join(' · ')}
      </button>
    </li>
  );
}

function KeyImageRow({ item }: { readonly item: KeyImage }): ReactNode {
  const removeKeyImage = useMeasurements((state) => state.removeKeyImage);
  return (
    <li className="key-image">
      <button type="button" className="numbers" aria-label={t.jump(item.label)} onClick={() => { jumpToKeyImage(item); }}>
        <Thumbnail name={`key image ${item.id}`} fetchPicture={async () => (await bridge().call('keyImages.picture', { study: item.study, id: item.id })).png} />
        <b>{item.label}</b>
      </button>
      <span className="tools"><IconButton label={t.remove(item.label)} icon={<Trash2 size={13} />} onClick={() => { inBackground(removeKeyImage(item.id), t.title); }} /></span>
    </li>
  );
}

export function MeasurementDrawer(): ReactNode {
  const study = useViewer((state) => state.study);
  const { items, keyImages, listed, visible, toggle, enter } = useMeasurements();
  useEffect(() => { inBackground(enter(study), t.title); }, [study, enter]);
  if (!listed || study === null) return null;
  return (
    <aside className="drawer" aria-label={t.list}>
      <h2>{t.title} <IconButton label={t.showAll} aria-pressed={visible} icon={visible ? <Eye size={13} /> : <EyeOff size={13} />} onClick={() => { toggle('visible'); }} /></h2>
      {items.length === 0 ? <p className="note">{t.none}</p> : <ul aria-label={t.title}>{items.map((item) => <MeasurementRow key={item.id} item={item} />)}</ul>}
      <h2>{t.keyImages}</h2>
      {keyImages.length === 0 ? <p className="note">{t.noKeyImages}</p> : <ul aria-label={t.keyImages}>{keyImages.map((item) => <KeyImageRow key={item.id} item={item} />)}</ul>}
    </aside>
  );
}
