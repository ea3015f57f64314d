export const trainingTexts = { untrained: 'UNTRAINED', synthetic: 'SYNTHETIC IMAGES ONLY', clinical: 'clinical training' } as const;
