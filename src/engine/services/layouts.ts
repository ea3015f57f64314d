/** The reader's own layouts, kept as one setting. */
import { z } from 'zod';
import { savedLayout, type Handlers, type SavedLayout } from '../../shared/contract.ts';
import type { Store } from '../store/openStore.ts';
import { readSetting, writeSetting } from '../store/settings.ts';

export function layoutHandlers({ db }: Pick<Store, 'db'>): Pick<Handlers, 'layouts.list' | 'layouts.put' | 'layouts.remove'> {
  const list = (): SavedLayout[] => z.array(savedLayout).parse(JSON.parse(readSetting(db, 'viewer.layouts') ?? '[]'));
  const keep = (layouts: readonly SavedLayout[]): SavedLayout[] => {
    const sorted = layouts.toSorted((a, b) => a.name.localeCompare(b.name));
    writeSetting(db, 'viewer.layouts', JSON.stringify(sorted));
    return sorted;
  };
  return {
    'layouts.list': list,
    'layouts.put': ({ layout }) => keep([...list().filter(({ name }) => name !== layout.name), layout]),
    'layouts.remove': ({ name: gone }) => keep(list().filter(({ name }) => name !== gone)),
  };
}
