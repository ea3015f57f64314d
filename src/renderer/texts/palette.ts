export const paletteTexts = { title: 'Commands', hint: 'Do something, or open a study', nothing: 'Nothing is called that.' } as const;
