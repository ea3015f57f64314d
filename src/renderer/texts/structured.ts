export const structuredTexts = {
  questions: {
    surgery: 'Prior surgery', surgeryKind: 'Kind of surgery', enhancing: 'Enhancing lesion', size: 'Length of the largest', side: 'Side with more lesions', locations: 'Locations', count: 'Number of lesions',
    shift: 'Herniation or midline shift', hydrocephalus: 'Hydrocephalus', whiteMatter: 'White matter disease', pituitaryNormal: 'Pituitary normal', sella: 'Sellar or parasellar abnormality', compression: 'Invasion or compression',
  } as Readonly<Record<string, string>>,
} as const;
