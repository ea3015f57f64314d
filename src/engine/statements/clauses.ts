/**
 * What of a sentence is affirmed and what is denied. "No enhancing lesion in the left frontal lobe; the ventricles are
 * enlarged" denies the one and affirms the other; "no change of the mass" and "no edema around the mass" deny no mass.
 */

export interface Clause {
  /** Lower case, white space single. */
  readonly affirmed: string;
  readonly denials: readonly Denial[];
}

export interface Denial {
  /** What is said to be absent: a list of things. */
  readonly things: string;
  /** Where, or of what: "in the left frontal lobe", "to suggest metastatic disease". */
  readonly about: string;
  /** It opens its clause, so that the clause is about what is absent and not about a thing that lacks it. */
  readonly opens: boolean;
}

const boundary = /\s*;\s*|,?\s+(?:but|however|although|though|whereas|while|yet)\b,?\s*|,?\s+and\s+(?=(?:there (?:is|are)\b|no\b|without\b))|,\s+(?=no\b|without\b|with no\b)/g;

/** Denies change, doubt or completeness, and nothing that is there. */
const seemingly = /\b(?:no|not|without)(?: (?:significant(?:ly)?|substantial(?:ly)?|appreciabl[ey]|definite|interval|major|any))* (?:chang\w+|increas\w+|decreas\w+|progress\w+|differen\w+)|\bnot (?:completely|entirely|fully)\b|\bnot only\b/g;
/** Says neither that it is there nor that it is not. */
const undecided = /\b(?:cannot|can not|could not|not) (?:be )?(?:entirely |completely )?(?:exclude\w*|ruled? out)\b|\bto be excluded\b/;
const negator = /\b(?:no|without|absence of|negative for|free of|neither|nor|denies)\b/;
/** What stands before is denied: "hydrocephalus is not seen". */
const deniedBefore = /\b(?:(?:is|are|was|were) (?:not|no longer) (?:seen|present|identified|visuali[sz]ed|evident|noted|demonstrated|appreciated|detected|observed)|(?:is|are) absent|(?:has|have) resolved)\b/;
/** Where a denial ends: at an exception, or where what was before it is judged. */
const exception = /\b(?:other than|apart from|except(?: for)?|aside from|besides|with the exception of)\b|,(?= (?:most )?(?:likely|probably|consistent|compatible|suggestive|suggesting|typical|in keeping|measuring|representing)\b)/;
/** Said before a negation that is about the whole study. */
const wholeStudy = /^(?:(?:there (?:is|are|was|were)|and|with|again|also|(?:the )?(?:(?:mri?|brain|t1|post-contrast|contrast|enhanced) )*(?:images?|imaging|examination|study|mri?|scan|series|brain)(?: \w+)? (?:shows?|demonstrates?|reveals?)) )*$/;
const evidence = /^(?:(?:(?:evidence|signs?|suggestion|findings?) (?:of|for|to suggest)|definite|convincing|any) )+/;
const aboutWords = / (?:in|within|around|about|surrounding|adjacent to|along|associated with|near|at|on|upon|to|for|of|involving|overlying|throughout|elsewhere|is|are|has|have)\b/;

/** @param sentence as written */
export function clausesOf(sentence: string): Clause[] {
  const low = sentence.toLowerCase().replace(/\s+/g, ' ').replaceAll('non-enhanc', 'nonenhanc').replace(seemingly, ' ').trim();
  return low.split(boundary).filter((part) => /\w/.test(part)).map(readClause);
}

function readClause(clause: string): Clause {
  if (undecided.test(clause)) return { affirmed: '', denials: [] };
  const before = deniedBefore.exec(clause);
  if (before) return { affirmed: '', denials: [{ things: clause.slice(0, before.index), about: clause.slice(0, before.index), opens: true }] };
  const found = negator.exec(clause);
  if (!found) return { affirmed: clause, denials: [] };
  const lead = clause.slice(0, found.index);
  let after = clause.slice(found.index + found[0].length);
  const but = exception.exec(after);
  const excepted = but ? after.slice(but.index + but[0].length) : '';
  if (but) after = after.slice(0, but.index);
  return { affirmed: `${lead}${excepted}`.trim(), denials: [split(after, wholeStudy.test(lead))] };
}

function split(text: string, opens: boolean): Denial {
  const said = text.trim().replace(evidence, '');
  const cut = aboutWords.exec(said);
  return { things: cut ? said.slice(0, cut.index) : said, about: cut ? said.slice(cut.index + 1) : '', opens };
}
