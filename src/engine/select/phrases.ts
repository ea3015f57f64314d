/**
 * The vocabulary radiology departments write into series descriptions, after {@link normaliseDescription}. Each list
 * is data: to teach the chooser a word, add it here and a line to the table in `rankSeries.test.ts`.
 *
 * A phrase matches whole words in order, so `gd` is found in `t1 gd ax` and not in `gdc`.
 */

/** Says that contrast was given before this series. The paper used "over 50 expressions"; these are ours. */
export const contrastPhrases = [
  // English
  'post', 'postcontrast', 'post contrast', 'post con', 'post c', 'post gad', 'post gado', 'post gadolinium', 'post gd', 'post inj', 'post injection', 'postgad', 'postgd',
  'with contrast', 'w contrast', 'w con', 'w c', 'w gad', 'w gd', 'with gad', 'with gd', 'with gadolinium', 'contrast', 'contrasted', 'contrast enhanced', 'enhanced', 'enh', 'after contrast', 'after gad', 'after gd',
  'ce', 'ce t1', 't1ce', 't1c', 't1c+', 'ct1', 'cet1', 't1gd', 't1 gd', 'c+', '+c', '+ c', '+gd', '+ gd', '+gad', '+ gad', '+contrast', '+ contrast', 'gad', 'gado', 'gadolinium', 'gd', 'gdpta', 'gd dtpa', 'iv contrast', 'iv gad', 'wc',
  // Agents by name
  'gadavist', 'gadovist', 'gadobutrol', 'dotarem', 'clariscan', 'gadoterate', 'gadoteric', 'magnevist', 'magnograf', 'multihance', 'omniscan', 'prohance', 'vueway', 'elucirem', 'gadopiclenol', 'optimark', 'artirem', 'cyclolux', 'dotagraf',
  // German
  'km', '+km', '+ km', 'mit km', 'nach km', 'n km', 'post km', 'kontrastmittel', 'mit kontrastmittel', 'nach kontrastmittel', 'mit kontrast', 'nach kontrast', 'nach gabe', 'nach gd',
  // French
  'inj', 'injecte', 'injectee', 'apres inj', 'apres injection', 'apres gado', 'avec gado', 'avec injection', 'avec contraste', 'iv+', 'gado+', 'g+',
  // Spanish, Portuguese
  'con contraste', 'c contraste', 'contraste', 'poscontraste', 'postcontraste', 'pos contraste', 'post contraste', 'con gd', 'con gadolinio', 'gadolinio', 'con civ', 'civ', 'cte', 'pos gd', 'com contraste', 'com gd', 'apos contraste', 'apos gd', 'pos gadolinio',
  // Italian
  'mdc', 'post mdc', 'con mdc', 'dopo mdc', 'c mdc', 'dopo contrasto', 'con contrasto', 'gadolinio ev',
  // Dutch, Scandinavian, Finnish
  'na gd', 'na gado', 'na contrast', 'met contrast', 'met gd', 'na kontrast', 'med kontrast', 'efter kontrast', 'etter kontrast', 'm kontrast', 'kontrast', 'tehoste', 'tehosteen',
  // Polish, Czech, Turkish, Greek, Russian
  'po kontrascie', 'z kontrastem', 'po kontr', 'po gd', 's kontrastem', 'kontrastli', 'po k l', 'po kl', 'μετα', 'σκιαγραφικο', 'с контрастом', 'с ку', 'после контраста', 'кв',
  // East Asian
  '造影', '造影後', '增强', '增強', '조영',
] as const;

/** Says that no contrast had been given; outranks every phrase above and the recorded agent. */
export const nativePhrases = [
  'pre', 'precontrast', 'pre contrast', 'pre con', 'pre c', 'pre gad', 'pre gado', 'pre gd', 'pre inj', 'pregad', 'pre injection', 'before contrast', 'before gad', 'before gd',
  'without', 'without contrast', 'w o', 'wo', 'w o contrast', 'wo contrast', 'wo con', 'w o con', 'w o gad', 'wo gad', 'without gad', 'no contrast', 'no gad', 'non contrast', 'noncontrast', 'non con', 'nc', 'nongad', 'non gad', 'unenhanced', 'non enhanced', 'nonenhanced', 'noncon', 'plain', 'native', 'minus c', 'c minus', '-c', '- c', '-gd', '-gad',
  'nativ', 'ohne km', 'vor km', 'ohne kontrast', 'vor kontrast', 'ohne kontrastmittel', 'sans', 'sans inj', 'sans injection', 'sans gado', 'sans contraste', 'avant inj', 'avant injection', 'avant gado', 'g-', 'iv-',
  'sin contraste', 's contraste', 'sin gd', 'sin civ', 'simple', 'precontraste', 'pre contraste', 'sem contraste', 'sem gd', 'senza mdc', 'pre mdc', 'basale', 'prima di mdc', 'senza contrasto',
  'zonder contrast', 'voor gd', 'voor contrast', 'utan kontrast', 'uten kontrast', 'uden kontrast', 'for kontrast', 'fore kontrast', 'bez kontrastu', 'przed kontrastem', 'kontrastsiz', 'без контраста', 'до контраста', '平扫', '単純', '造影前',
] as const;

/** "post" and its kin in other senses; taken out before contrast is looked for. */
export const misleadingPhrases = [
  'post op', 'postop', 'post operative', 'post operativ', 'post processing', 'postprocessing', 'post proc', 'post surgery', 'post rt', 'post chemo', 'posterior', 'post fossa', 'posterior fossa', 'w wo', 'w and wo', 'with and without', 'with without', 'w w o', 'w wo contrast', 'with and without contrast', 'w and wo contrast',
] as const;

/** T1 weighting by name, or by a sequence that is only ever T1 weighted in the brain. */
export const t1Phrases = [
  't1', 't1w', 't1wi', 't1 w', 't1 weighted', 'mprage', 'mp rage', 'mpr', 'mp2rage', 'tfl3d', 'tfl', 'bravo', 'fspgr', 'spgr', 'ir spgr', 'irspgr', 'ir fspgr', '3d tfe', 'tfe', 't1tfe', 't1 tfe', 't1ffe', 't1 ffe', 'vibe', 'thrive', 'lava', 'flash', 'fl2d', 'fl3d', 't1 flair', 't1flair', 't1 memp', 'stealth t1', 't1se', 't1 se', 't1tse', 't1 fse', 't1 cube', 't1 space', 't1 vista', 't1 bb', 'quick3d', 'starvibe', 'mpvibe', 'se2d', 'se2d1', 'memp', 'mprage iso', 'bravo mpr', 'cube t1', 'space t1', 'smash',
] as const;

export const flairPhrases = [
  'flair', 't2 flair', 't2flair', 'dark fluid', 'darkfluid', 'tirm dark', 'tir2d', 'tir2d1', 'spcir', 'cube flair', 'space flair', 'vista flair', 'flair fs', 'fluid attenuated', 'flair 3d', '3d flair', 't2w flair', 'brainview flair', 'wip flair', 'ir fse flair',
] as const;

export const t2Phrases = [
  't2', 't2w', 't2wi', 't2 w', 't2 weighted', 't2tse', 't2 tse', 't2fse', 't2 fse', 'frfse', 't2 frfse', 't2 blade', 't2 propeller', 't2 space', 't2 cube', 'spc t2', 'tse2d', 'tse t2', 'fse t2', 't2 haste', 't2 prop',
] as const;

/** Sequences that are none of the four, whatever weighting words stand beside them. */
export const otherSequencePhrases = [
  'dwi', 'diff', 'diffusion', 'dti', 'dki', 'hardi', 'noddi', 'ivim', 'trace', 'tracew', 'adc', 'eadc', 'fa', 'colfa', 'b0', 'b1000', 'resolve', 'ep2d', 'epi', 'bold', 'fmri', 'resting',
  'perf', 'perfusion', 'pwi', 'dsc', 'dce', 'dynamic', 'dyn', 'asl', 'pcasl', 'pasl', '3d asl', 'cbf', 'cbv', 'rcbv', 'rcbf', 'mtt', 'ttp', 'tmax', 'k trans', 'ktrans', 'twist',
  'swi', 'swan', 'swip', 'vensw', 'venbold', 'qsm', 't2 star', 't2star', 't2*', 'hemo', 'gre hemo', 'mag images', 'swi mag', 'pha', 'phase', 'mip', 'minip',
  'tof', 'mra', 'mrv', 'angio', 'inhance', 'pca', 'pc', 'phase contrast', 'venogram', 'trust', 'flow', 'csf flow', 'vessel wall',
  'mrs', 'csi', 'spectro', 'spectroscopy', 'press', 'svs', 'cest', 'apt', 'mtr', 'magnetization transfer', 'ihmt', 'mwf', 'mdme', 'synthetic', 'magic', 'mrf', 'elastography', 'mre',
  'field map', 'fieldmap', 'b1 map', 'b1map', 'b0 map', 'b0map', 'shim', 'calibration', 'calib', 'asset cal', 'coil', 'ref scan', 'refscan', 'sense ref', 'senseref', 'noise', 'aahead', 'aascout',
  'pd', 'pdw', 'proton density', 'stir', 'dir', 'double ir', 'ciss', 'fiesta', 'fiesta c', 'drive', 'bffe', 'trufi', 'haste',
] as const;

export const localizerPhrases = [
  'loc', 'local', 'localizer', 'localiser', 'scout', 'survey', '3 plane', '3plane', 'three plane', '3 pl', '3pl', 'plan scan', 'planscan', 'smartbrain', 'smart brain', 'aahscout', 'aahead scout', 'tri plane', 'triplane', 'survey mst', 'reperage', 'topo', 'topogram', 'localizador', 'lokalizer',
] as const;

/** Computed from other series and not an acquisition a model should read. */
export const derivedPhrases = [
  'sub', 'subtraction', 'subtracted', 'substraction', 'subtr', 'difference', 'mip', 'mip cor', 'mip sag', 'mip tra', 'projection', 'vr', 'vrt', 'volume rendering', 'rendered', 'screen save', 'screensave', 'screenshot', 'screen shot', 'screen capture', 'capture', 'secondary capture', 'report', 'dose report', 'presentation', 'key image', 'key images', 'protocol', 'processed', 'processed images', 'results', 'overlay', 'fusion', 'fused', 'mask', 'segmentation', 'seg', 'colour', 'color', 'parametric', 'summary', 'rapid', 'lesionquant', 'neuroquant', 'icobrain', 'registered', 'coreg', 'snapshot', 'patient protocol', 'phoenix', 'phoenixzipreport', 'curve', 'graph', 'mean curve', 'mpr range', 'mip range',
] as const;

/** Series of the head that do not cover the brain, or of other parts of the body. */
export const elsewherePhrases = [
  'spine', 'c spine', 'cspine', 't spine', 'tspine', 'l spine', 'lspine', 'cervical', 'thoracic', 'lumbar', 'sacrum', 'neck', 'knee', 'shoulder', 'hip', 'wrist', 'ankle', 'abdomen', 'pelvis', 'liver', 'breast', 'prostate', 'cardiac', 'heart', 'hws', 'bws', 'lws', 'rachis', 'columna', 'coluna', 'rachide',
] as const;

export const partOfHeadPhrases = [
  'orbit', 'orbits', 'orbita', 'orbites', 'iac', 'iacs', 'cpa', 'pituitary', 'sella', 'hypophyse', 'hipofise', 'hypophysis', 'ipofisi', 'face', 'sinus', 'sinuses', 'tmj', 'temporal bone', 'skull base', 'trigeminal', 'conduits', 'felsenbein', 'parotid', 'nasopharynx', 'cavernous', 'hippocampus', 'internal auditory',
] as const;

const separators = /[_\-./\\()[\]{}:;,<>|'"=~^&]+/g;

/**
 * Lower case, without accents, `_ - . / ( )` and the like as spaces; `+c`, `c+`, `-c` kept as words since a sign is
 * all that some departments write; `t1` split from what is glued to it (`T1post` becomes `t1 post`).
 */
export function normaliseDescription(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .replaceAll('ı', 'i')
    .replace(/([\p{Script=Han}\p{Script=Hangul}]+)/gu, ' $1 ')
    .replace(/(^|[\s_])-\s?(c|gd|gad)(?=$|[\s_])/g, '$1 minus $2 ')
    .replace(/\bw\s*\/\s*o\b/g, ' wo ')
    .replace(/(?<=[a-z0-9])\+(?=(c|gd|gad|km|contrast)(?![a-z]))/g, ' +')
    .replace(separators, ' ')
    .replace(/\b(t1|t2)(w|wi)?(?=(post|pre|gd|gad|ce|km|inj|mpr|tse|fse|se|tfe|ffe|flair|sag|ax|cor|tra|fl|spc|space|cube|vibe|mdc)[a-z]*)/g, '$1$2 ')
    .replace(/minus (c|gd|gad)\b/g, '-$1')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The first of `phrases` (longest first) that stands as whole words in a normalised description, or null. */
export function findPhrase(description: string, phrases: readonly string[]): string | null {
  const padded = ` ${description} `;
  let found: string | null = null;
  for (const phrase of phrases) {
    if (padded.includes(` ${phrase} `) && (found === null || phrase.length > found.length)) found = phrase;
  }
  return found;
}

/** A normalised description without the given phrases. */
export function withoutPhrases(description: string, phrases: readonly string[]): string {
  let rest = ` ${description} `;
  for (const phrase of [...phrases].sort((a, b) => b.length - a.length)) rest = rest.replaceAll(` ${phrase} `, ' ');
  return rest.replace(/\s+/g, ' ').trim();
}
