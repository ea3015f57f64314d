/** What cases must be to be listed. */
import { Filter } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { CaseFinding, ResultOf, Contract } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { findingName } from '../../ui/findingName.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { tellError } from '../notices/noticesStore.ts';
import { filterCount, useSimilar } from './similarStore.ts';

const words = texts.similar.filters;
const key = ({ question, answer }: CaseFinding): string => `${question}|${answer}`;

/** A field that narrows when it is left or Enter is pressed, not at each letter; give it a key of its value. */
function Field({ label, type, value, onDone }: { readonly label: string; readonly type: 'date' | 'number' | 'search'; readonly value: string; readonly onDone: (value: string) => void }): ReactNode {
  const [typed, setTyped] = useState(value);
  const done = (): void => { if (typed !== value) onDone(typed); };
  return (
    <label className="filter-field"><span>{label}</span>
      <input className="plain-input" type={type} min={type === 'number' ? 0 : undefined} max={type === 'number' ? 150 : undefined} value={typed} onChange={(event) => { setTyped(event.target.value); }} onBlur={done} onKeyDown={(event) => { if (event.key === 'Enter') done(); }} />
    </label>
  );
}

const numberOf = (typed: string): number | undefined => (/^\d{1,3}$/.test(typed) && Number(typed) <= 150 ? Number(typed) : undefined);

export function Filters(): ReactNode {
  const [open, setOpen] = useState(false);
  const [known, setKnown] = useState<ResultOf<Contract, 'similar.findings'>>([]);
  const { filter, study, narrow, clearFilter } = useSimilar();
  const count = filterCount(filter);
  useEffect(() => {
    if (open) bridge().call('similar.findings', {}).then(setKnown, (error: unknown) => { tellError(error, words.finding); });
  }, [open]);
  return (
    <div className="filters">
      <div className="filters-head">
        <Button kind="quiet" aria-expanded={open} onClick={() => { setOpen(!open); }}><Filter size={12} aria-hidden />{count === 0 ? words.show : words.active(count)}</Button>
        {count === 0 ? null : <Button kind="quiet" onClick={clearFilter}>{words.clear}</Button>}
      </div>
      {open ? (
        <div className="filter-fields" role="group" aria-label={words.title}>
          <Field key={`from ${filter.from ?? ''}`} label={words.from} type="date" value={filter.from ?? ''} onDone={(from) => { narrow({ from: from === '' ? undefined : from }); }} />
          <Field key={`to ${filter.to ?? ''}`} label={words.to} type="date" value={filter.to ?? ''} onDone={(to) => { narrow({ to: to === '' ? undefined : to }); }} />
          <Field key={`ageFrom ${filter.ageFrom?.toString() ?? ''}`} label={words.ageFrom} type="number" value={filter.ageFrom?.toString() ?? ''} onDone={(age) => { narrow({ ageFrom: numberOf(age) }); }} />
          <Field key={`ageTo ${filter.ageTo?.toString() ?? ''}`} label={words.ageTo} type="number" value={filter.ageTo?.toString() ?? ''} onDone={(age) => { narrow({ ageTo: numberOf(age) }); }} />
          <label className="filter-field"><span>{words.sex}</span>
            <select className="select" value={filter.sex ?? ''} onChange={(event) => { narrow({ sex: event.target.value === '' ? undefined : event.target.value }); }}>
              <option value="">{words.anySex}</option>
              {Object.entries(words.sexes).map(([letter, name]) => <option key={letter} value={letter}>{name}</option>)}
            </select>
          </label>
          {study === null ? null : (
            <label className="filter-field"><span>{words.patient}</span>
              <select className="select" value={filter.patient} onChange={(event) => { narrow({ patient: event.target.value as 'any' | 'same' | 'other' }); }}>
                {Object.entries(words.patients).map(([value, name]) => <option key={value} value={value}>{name}</option>)}
              </select>
            </label>
          )}
          <label className="filter-field wide"><span>{words.finding}</span>
            <select className="select" value={filter.finding === undefined ? '' : key(filter.finding)} onChange={(event) => {
              const chosen = known.find((one) => key(one) === event.target.value);
              narrow({ finding: chosen && { question: chosen.question, answer: chosen.answer } });
            }}>
              <option value="">{words.anyFinding}</option>
              {known.map((one) => <option key={key(one)} value={key(one)}>{`${findingName(one)} (${one.cases})`}</option>)}
            </select>
          </label>
          <span className="wide"><Field key={`words ${filter.words ?? ''}`} label={words.words} type="search" value={filter.words ?? ''} onDone={(typed) => { narrow({ words: typed.trim() === '' ? undefined : typed.trim() }); }} /></span>
        </div>
      ) : null}
    </div>
  );
}
