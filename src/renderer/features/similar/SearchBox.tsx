import { Search, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { useSearch } from './searchStore.ts';

export function SearchBox(): ReactNode {
  const { typed, search, type, searchText, clearSearch } = useSearch();
  return (
    <form className="field case-search" role="search" onSubmit={(event) => { event.preventDefault(); inBackground(searchText(), texts.reading.search); }}>
      <Search size={13} aria-hidden />
      <input id="case-search" type="search" aria-label={texts.reading.search} placeholder={texts.reading.searchHint} maxLength={4000} value={typed} onChange={(event) => { type(event.target.value); }} />
      {typed === '' && search === null ? null : <IconButton className="end" label={texts.reading.clearSearch} icon={<X size={13} />} onClick={clearSearch} />}
    </form>
  );
}
