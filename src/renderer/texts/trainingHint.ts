export const trainingHintTexts = {
  untrained: 'This pack was never trained: its output is meaningless and only shows that the app works.',
  synthetic: 'This pack was trained on synthetic images only: its output says nothing about a real patient.',
  clinical: 'Trained on clinical images. See the pack for its intended use and limits.',
} as const;
