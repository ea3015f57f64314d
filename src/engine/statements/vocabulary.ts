/** Words by which findings are told in reports, in lower case. Shared in substance with brat_train.evaluate.read_findings. */

export const fine = '(?:(?:grossly )?unremarkable|intact|within normal limits|not (?:dilated|enlarged|shifted|displaced|effaced)|(?:entirely |otherwise )?normal|maintained|preserved|midline|enhance normally)';

/** What a sentence may deny or affirm. */
export type Topic = 'lesion' | 'additionalLesion' | 'shift' | 'hydrocephalus' | 'whiteMatter' | 'sella' | 'surgery' | 'compression' | 'collection' | 'other';

/** A thing that is said to be absent. `additional` and `sella` are looked at before lesions. */
export const absent: Readonly<Record<Exclude<Topic, 'other'>, RegExp>> = {
  additionalLesion: /\b(?:additional|other|further|new|second|more)\b.*\b(?:enhanc\w*|lesions?|metasta\w+|mass(?:es)?(?! effect)|nodul\w+)/,
  sella: /\b(?:para)?sellar\b|\bpituitary\b/,
  lesion: /\benhanc\w+|\bmetasta\w+|\blesions?\b|\bmass(?:es)?\b(?! effect)|\btumou?rs?\b|\bnodul(?:es?|ar)\b|\bmeningiomas?\b/,
  shift: /\bmidline (?:\w+ )?shift\b|\bherniation\b|\bshift\b(?: of)?/,
  hydrocephalus: /\bhydrocephalus\b|\bventriculomegaly\b|\bventricular (?:dilat\w+|enlargement)\b/,
  whiteMatter: /\bwhite matter\b|\bleuko(?:araiosis|encephalopathy)\b/,
  surgery: /\bcraniotomy\b|\bpost-?(?:surgical|operative)\b|\bprior surgery\b/,
  compression: /\b(?:effacement|compression|mass effect|invasion|displacement)\b/,
  collection: /\b(?:collections?|h(?:a)?emorrhages?|infarct\w*|isch(?:a)?emia)\b/,
};

/** A part of the head that is said to be as it should be, and what that denies. */
export const unremarkable: readonly (readonly [Topic, RegExp])[] = [
  ['shift', new RegExp(`\\bmidline(?: structures?)? (?:is|are|remains?|appears?) ${fine}`)],
  ['hydrocephalus', new RegExp(`\\bventric\\w+(?:(?! (?:is|are|with) ).)* (?:is|are|remains?|appears?) ${fine}`)],
  ['whiteMatter', new RegExp(`\\bwhite matter (?:is|appears?) ${fine}`)],
  ['sella', new RegExp(`\\b(?:pituitary|sella|parasellar|cavernous)\\b.*\\b(?:is|are|appears?) ${fine}`)],
  ['surgery', new RegExp(`\\bcalvarium\\b.* (?:is|are) ${fine}`)],
  ['other', new RegExp(`\\b(?:sinuses|orbits|vessels|brainstem|basal cisterns|mastoid\\w*)\\b.*\\b${fine}`)],
  ['other', /\b(?:normal|expected) enhancement\b/],
];

export const normalStudy = /^(?:normal|unremarkable)\b.*\bbrain\b|^(?:the )?brain is (?:unremarkable|normal)|^normal (?:study|examination|mri)\b/;
export const normalBrain = /^(?:the )?(?:brain )?parenchyma is (?:unremarkable|normal)|\bnormal gr[ae]y-white\b/;

export const lesionWord = /\b(?:lesions?|mass(?:es)?(?! effect)|nodules?|foc(?:us|i)|metastas[ie]s|meningiomas?|tumou?rs?|macroadenomas?|adenomas?|dural[- ]based)\b/;
export const enhancing = /\benhanc(?:ing|ement|es)\b|\bmeningiomas?\b|\bmetastas[ie]s\b/;
export const largest = /\b(?:largest|dominant|biggest)\b/;

export type LesionKind = 'dural' | 'sellar' | 'punctate' | 'ring' | 'solid';
export const kinds: readonly (readonly [LesionKind, RegExp])[] = [
  ['dural', /dural[- ]based|extra-axial|meningioma|dural tail/],
  ['sellar', /\bsella\b|\bsellar\b|suprasellar|pituitary/],
  ['punctate', /punctate|tiny|subcentimeter/],
  ['ring', /\bring\b|\brim\b|peripherally|centrally (?:necrotic|cystic)/],
];

export const shift = /\bmidline (?:\w+ )?shift\b|\bmidline structures? (?:is|are) shifted\b|\bshift of (?:the )?midline\b|\b(?:left-to-right|right-to-left) shift\b|\bherniation\b/;
export const shiftTo = /\b(?:left|right)[- ]to[- ](left|right)\b|\bto(?:wards?)? the (left|right)\b|\b(left|right)ward\b/;
export const compressing = /\b(?:efface\w*|compress\w*|mass effect|inva\w+|displac\w+|bulg\w+ into)\b/;
export const compressed: readonly (readonly [string, RegExp])[] = [
  ['ventricles', /ventric|frontal horn/],
  ['brainstem', /brain ?stem|pons\b|midbrain/],
  ['cranial nerves', /optic (?:chiasm|nerve)|cranial nerve/],
];
export const hydrocephalus = /\bhydrocephalus\b|\bventriculomegaly\b|\bventric\w+(?: system)? (?:is|are|remains?|appears?) (?:markedly |diffusely |mildly |moderately )?(?:dilated|enlarged|prominent)|\b(?:dilat\w+|enlargement) of the (?:lateral |third |fourth )?ventric|\bventricular (?:dilat\w+|enlargement)\b/;
export const whiteMatter = /\bwhite matter (?:changes?|disease|(?:t1 )?hyp(?:er|o)intensit\w+|abnormalit\w+)|\bleuko(?:araiosis|encephalopathy)\b/;
export const whiteMatterGrades: readonly (readonly [number, RegExp])[] = [
  [3, /\b(?:extensive|severe|confluent|marked)\b/],
  [2, /\b(?:moderate|patchy|scattered)\b/],
  [1, /\b(?:mild|minimal)\b/],
];

export const surgery = /\b(?:craniotomy|craniectomy|resection cavity|surgical cavity|post-?(?:surgical|operative)|burr hole|ommaya|ventriculostomy)\b/;
export const craniotomy = /\b(left|right)[- ]*(?:sided )?(frontal|parietal|temporal|pterional|occipital)\b(?=.{0,40}\bcraniotomy)/;
/** Where the skull was opened, which is no place of what else the sentence tells. */
export const opening = /\b(?:(?:left|right|bilateral)[- ]*(?:sided )?)?(?:(?:frontal|parietal|temporal|pterional|occipital|suboccipital|frontotemporal|frontoparietal|or|and) )*(?:craniotom\w+|craniectom\w+|burr holes?)(?: defects?)?/g;
/** What makes a sentence about surgery one about a lesion too. */
export const besideSurgery = /\benhanc|\bdural[- ]based|\bmetasta|\bmeningioma|\btumou?r|\brecurren|\bmass(?:es)?\b(?! effect)/;

export const moreOnOneSide = /\bmore numerous\b|\b(?:more|most|the majority) of the lesions are\b|\blesion burden is greater\b|\b(?:left|right)(?: side)? (?:(?:is |are )?(?:greater|more|larger)(?: \w+)?) than\b/;
export const edemaOnly = /^(?:several|some)\b.*\bedema\b|^surrounding (?:vasogenic )?edema\b/;
