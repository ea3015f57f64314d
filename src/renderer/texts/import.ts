import { plural } from './plural.ts';

export const importTexts = {
  files: 'Import files',
  folder: 'Import folder',
  dropTitle: 'Drop to import',
  dropText: 'Folders, DICOM files, zip archives, a DICOMDIR, NIfTI',
  collecting: 'Looking through what was dropped',
  sending: (done: number, all: number): string => `Copying ${done} of ${plural(all, 'file', 'files')}`,
  reading: (seen: number): string => `Reading: ${plural(seen, 'file', 'files')} seen`,
  done: (studies: number, added: number): string => (added === 0 ? 'Nothing new to import' : `Imported ${plural(added, 'image', 'images')} in ${plural(studies, 'study', 'studies')}`),
  details: (duplicates: number, skipped: number, failed: number): string =>
    [duplicates > 0 ? `${duplicates} already here` : '', skipped > 0 ? plural(skipped, 'file is no image', 'files are no images') : '', failed > 0 ? `${failed} unreadable` : ''].filter(Boolean).join(', '),
  cancel: 'Cancel import',
  cancelled: 'Import stopped. Nothing half-read was kept.',
  failed: 'Import failed',
  problems: (count: number): string => `Show ${plural(count, 'problem', 'problems')}`,
  problemsTitle: 'Files that could not be imported',
  problemsText: 'Everything else was imported.',
  progress: 'Import progress',
  dismiss: 'Dismiss',
  nothing: 'Nothing was dropped that can be read as files.',
  columns: { file: 'File', problem: 'Problem', advice: 'What to do' },
} as const;
