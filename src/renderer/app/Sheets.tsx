import type { ReactNode } from 'react';
import { useConnection } from '../features/connection/connectionStore.ts';
import { useSheet } from '../features/sheets/sheetStore.ts';
import { lazyPart } from '../ui/lazyPart.tsx';

const AuditSheet = lazyPart(async () => (await import('../features/audit/AuditSheet.tsx')).AuditSheet);
const KeyboardHelp = lazyPart(async () => (await import('../features/keyboard/KeyboardHelp.tsx')).KeyboardHelp);
const ModelsSheet = lazyPart(async () => (await import('../features/models/ModelsSheet.tsx')).ModelsSheet);
const CommandPalette = lazyPart(async () => (await import('../features/palette/CommandPalette.tsx')).CommandPalette);
const QualitySheet = lazyPart(async () => (await import('../features/quality/QualitySheet.tsx')).QualitySheet);
const ReadersSheet = lazyPart(async () => (await import('../features/readers/ReadersSheet.tsx')).ReadersSheet);
const SignSheet = lazyPart(async () => (await import('../features/signing/SignSheet.tsx')).SignSheet);
const SnippetsSheet = lazyPart(async () => (await import('../features/report/SnippetsSheet.tsx')).SnippetsSheet);
const SettingsSheet = lazyPart(async () => (await import('../features/settings/SettingsSheet.tsx')).SettingsSheet);

/** The sheet that is open, if any. */
export function Sheets(): ReactNode {
  const { open, close } = useSheet();
  const status = useConnection((state) => state.status);
  switch (open) {
    case 'help':
      return <KeyboardHelp onClose={close} />;
    case 'quality':
      return <QualitySheet onClose={close} />;
    case 'models':
      return status === null ? null : <ModelsSheet status={status} onClose={close} />;
    case 'settings':
      return <SettingsSheet onClose={close} />;
    case 'readers':
      return <ReadersSheet onClose={close} />;
    case 'snippets':
      return <SnippetsSheet onClose={close} />;
    case 'sign':
      return <SignSheet onClose={close} />;
    case 'audit':
      return <AuditSheet onClose={close} />;
    case 'palette':
      return <CommandPalette onClose={() => { if (useSheet.getState().open === 'palette') close(); }} />;
    case null:
      return null;
  }
}
