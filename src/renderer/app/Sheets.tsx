import type { ReactNode } from 'react';
import { useConnection } from '../features/connection/connectionStore.ts';
import { KeyboardHelp } from '../features/keyboard/KeyboardHelp.tsx';
import { ModelsSheet } from '../features/models/ModelsSheet.tsx';
import { CommandPalette } from '../features/palette/CommandPalette.tsx';
import { SnippetsSheet } from '../features/report/SnippetsSheet.tsx';
import { SettingsSheet } from '../features/settings/SettingsSheet.tsx';
import { ReadersSheet } from '../features/readers/ReadersSheet.tsx';
import { useSheet } from '../features/sheets/sheetStore.ts';

/** The sheet that is open, if any. */
export function Sheets(): ReactNode {
  const { open, close } = useSheet();
  const status = useConnection((state) => state.status);
  switch (open) {
    case 'help':
      return <KeyboardHelp onClose={close} />;
    case 'models':
      return status === null ? null : <ModelsSheet status={status} onClose={close} />;
    case 'settings':
      return <SettingsSheet onClose={close} />;
    case 'readers':
      return <ReadersSheet onClose={close} />;
    case 'snippets':
      return <SnippetsSheet onClose={close} />;
    case 'palette':
      return <CommandPalette onClose={() => { if (useSheet.getState().open === 'palette') close(); }} />;
    case null:
      return null;
  }
}
