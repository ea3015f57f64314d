import { plural } from './plural.ts';

export const seriesTexts = {
  title: 'Series',
  none: 'Open a study to see its series.',
  roles: { t1c: 'T1c', t1: 'T1', t2: 'T2', flair: 'FLAIR', other: 'Other' },
  roleOf: (description: string): string => `Role of ${description}`,
  automatic: 'Automatic',
  overridden: 'Role set by a reader',
  open: (description: string): string => `Show series ${description}`,
  slices: (count: number): string => plural(count, 'slice', 'slices'),
  imageCount: (count: number): string => plural(count, 'image', 'images'),
  rank: (rank: number): string => `Rank ${rank} of its role`,
  chosen: 'Used by the models',
  refused: 'Cannot be shown as a volume',
  stackOf: (description: string): string => `Volume of ${description}`,
  stack: (index: number): string => `Volume ${index + 1}`,
  unnamed: 'Unnamed series',
  problems: (count: number): string => plural(count, 'note', 'notes'),
} as const;
