/** Import by the shell's own dialog where it has one, else by the browser's. */
import { useRef } from 'react';
import type { ReactNode } from 'react';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { importFiles, importWithDialog } from './importStore.ts';
import { chosenFiles } from './walkDrop.ts';

export function ImportButtons({ filesIcon, folderIcon, marked = true }: { readonly filesIcon: ReactNode; readonly folderIcon: ReactNode; readonly marked?: boolean }): ReactNode {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const choose = (kind: 'files' | 'folder'): void => {
    if ('importWithDialog' in bridge()) inBackground(importWithDialog(kind), texts.import.failed);
    else (kind === 'files' ? files : folder).current?.click();
  };
  const take = (input: HTMLInputElement): void => {
    if (input.files !== null && input.files.length > 0) importFiles(chosenFiles(input.files));
    input.value = '';
  };
  return (
    <>
      <IconButton label={texts.import.files} icon={filesIcon} onClick={() => { choose('files'); }} />
      <IconButton label={texts.import.folder} icon={folderIcon} onClick={() => { choose('folder'); }} />
      <input ref={files} type="file" multiple hidden data-testid={marked ? 'import-files' : undefined} onChange={(event) => { take(event.currentTarget); }} />
      <input ref={folder} type="file" webkitdirectory="" hidden data-testid={marked ? 'import-folder' : undefined} onChange={(event) => { take(event.currentTarget); }} />
    </>
  );
}
