import { plural } from './plural.ts';

export const studiesTexts = {
  title: 'Studies',
  search: 'Search studies',
  searchHint: 'Name, ID, description',
  open: (name: string): string => `Open study of ${name}`,
  demo: 'DEMO',
  demoHint: 'Came with the app: not a patient',
  states: { new: 'New', processing: 'Working', drafted: 'Drafted', reading: 'In reading', signed: 'Signed', failed: 'Failed' },
  hasReport: 'Has a report in the archive',
  noName: 'No name',
  noDate: 'No date',
  noDescription: 'No description',
  count: (shown: number, all: number): string => (shown === all ? plural(all, 'study', 'studies') : `${shown} of ${plural(all, 'study', 'studies')}`),
  emptyTitle: 'No study yet',
  emptyText: 'Drop a folder, DICOM files, a zip or a DICOMDIR anywhere on this window. Everything stays on this machine.',
  noMatch: 'No study matches your search.',
  remove: 'Remove this study',
  removeQuestion: (name: string): string => `Remove the study of ${name} from this app? Files outside the app are not touched.`,
  removeConfirm: 'Remove study',
  images: (series: number, images: number): string => `${series} series, ${plural(images, 'image', 'images')}`,
} as const;
