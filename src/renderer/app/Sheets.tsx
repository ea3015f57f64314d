import type { ReactNode } from 'react';
import { useConnection } from '../features/connection/connectionStore.ts';
import { KeyboardHelp } from '../features/keyboard/KeyboardHelp.tsx';
import { ModelsSheet } from '../features/models/ModelsSheet.tsx';
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
    case null:
      return null;
  }
}
