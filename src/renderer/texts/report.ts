export const reportTexts = {
  title: 'Report',
  merged: 'The report was changed in another window: both texts were put together. Read it again before you sign.',
  flags: { title: 'Flags' },
} as const;
