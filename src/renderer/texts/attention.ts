export const attentionTexts = {
  region: 'Attention overlay',
  of: (view: number): string => `Attention of view ${view}`,
  toggle: 'Show attention',
  opacity: 'Overlay opacity',
  noDepth: 'This model keeps no depth: the map covers all slices alike.',
  even: 'nearly even',
  evenHint: 'This map is nearly the same everywhere: it points nowhere in particular.',
  low: 'low',
  high: 'high',
  loading: 'Loading map',
} as const;
