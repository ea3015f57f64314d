/** Sides and places named in a text: "the left frontal and parietal lobes" names two. As brat_train.evaluate.places. */

export type Side = 'left' | 'right' | 'midline';

export interface Place {
  readonly name: PlaceName;
  /** `midline` for what has no side; null where a side is missing. */
  readonly side: Side | null;
  /** The option of Figure 14's question for locations; null if that needs a side that is not told, or has no such place. */
  readonly location: string | null;
}

const patterns = {
  frontal: 'frontal|precentral',
  parietal: 'parietal|postcentral',
  temporal: 'temporal|pterional|hippocamp\\w+',
  occipital: 'occipital',
  deep: 'thalam\\w+|basal ganglia|caudate|putamen|pallidus|lentiform',
  cerebellum: 'cerebell\\w+(?: hemispheres?)?|vermis',
  brainstem: 'brain ?stem|pons|pontine|midbrain|medulla',
  sella: '(?:para)?sella\\w*|suprasellar|pituitary',
  cord: 'cervical (?:spinal )?cord|spinal cord',
  elsewhere: 'insula\\w*|corona radiata|centrum semiovale|internal capsule|hemispher\\w+|convexit\\w+|parafalcine|sphenoid wing|olfactory groove|cavernous sinus',
} as const;

export type PlaceName = keyof typeof patterns;

const names = Object.keys(patterns) as PlaceName[];
const onMidline: ReadonlySet<PlaceName> = new Set(['brainstem', 'sella', 'cord']);
const lobes: ReadonlySet<PlaceName> = new Set(['frontal', 'parietal', 'temporal', 'occipital']);

/** Two sides set against each other, of which neither is the place of anything. */
const relation = '(?:left|right)[- ]to[- ](?:left|right)|(?:left|right)(?: side)? (?:(?:is |are )?(?:greater|more|larger|worse)(?: \\w+)?) than (?:on |in )?(?:the )?(?:left|right)|(?:to|towards?) the (?:left|right)(?: side)?(?= by|,|\\.|$)';
const word = new RegExp(`\\b(?:(?<relation>${relation})|(?<side>left|right|bilateral(?:ly)?|both)|${names.map((name) => `(?<${name}>${patterns[name]})`).join('|')})\\b`, 'g');

const fixed: Partial<Record<PlaceName, string>> = { cerebellum: 'Cerebellum', brainstem: 'brainstem', sella: 'Sella or parasellar region', cord: 'cervical spinal cord' };

function locationOf(name: PlaceName, side: Side | null): string | null {
  if (fixed[name] !== undefined) return fixed[name];
  if (name === 'elsewhere' || (side !== 'left' && side !== 'right')) return null;
  const named = side === 'left' ? 'Left' : 'Right';
  return lobes.has(name) ? `${named} ${name} lobe` : `${named} thalamus or basal ganglia`;
}

/** Places in the order in which they are named, each once; a side holds until the next one is named. @param low lower case */
export function placesIn(low: string): Place[] {
  const found = new Map<string, Place>();
  let sides: readonly (Side | null)[] = [null];
  for (const match of low.matchAll(word)) {
    const groups = match.groups!;
    if (groups['relation'] !== undefined) continue;
    const side = groups['side'];
    if (side !== undefined) {
      sides = side === 'left' || side === 'right' ? [side] : ['left', 'right'];
      continue;
    }
    const name = names.find((one) => groups[one] !== undefined)!;
    for (const at of onMidline.has(name) ? (['midline'] as const) : sides) {
      const key = `${name} ${at ?? ''}`;
      if (!found.has(key)) found.set(key, { name, side: at, location: locationOf(name, at) });
    }
  }
  return [...found.values()];
}

/** The sides a text puts something on, without those that are only set against each other ("right-to-left shift"). @param low lower case */
export function sidesIn(low: string): ReadonlySet<'left' | 'right'> {
  const sides = new Set<'left' | 'right'>();
  for (const { groups } of low.matchAll(word)) {
    const side = groups!['side'];
    if (side === 'left' || side === 'right') sides.add(side);
    else if (side !== undefined) sides.add('left').add('right');
  }
  return sides;
}
