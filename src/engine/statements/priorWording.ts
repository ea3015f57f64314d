/**
 * Words that speak of another time: prior scans, comparison, change, dates (the paper's Figures 12 and 13). A draft made of
 * one study alone can know none of it. The same words as brat_train.evaluate.priors; "more numerous on the left" and
 * "chronic" are no comparison with a prior.
 */

const month = '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';

const patterns = [
  '\\b(?:prior|previous|preceding|earlier|last|outside|baseline|recent)(?:ly)? (?:(?:mri?|ct|brain|head|contrast) )*(?:stud(?:y|ies)|scans?|exam(?:ination)?s?|imaging|images?|mri?|reports?|comparisons?)\\b',
  '\\bpreviously\\b|\\bsince\\b|\\binterval(?:ly)?\\b|\\bagain (?:seen|noted|demonstrated|identified|status|shown)\\b|\\bonce again\\b|\\bnow (?:measur\\w+|seen|demonstrat\\w+|with|show\\w*)\\b|\\bno longer\\b|\\brecurren\\w+\\b',
  '\\bcompar(?:ed|ison|ing)\\b|\\bin comparison\\b',
  '\\b(?:un)?changed\\b|\\bno (?:significant |substantial |interval )*change\\b|\\bhas (?:not )?(?:\\w+ )?changed\\b|\\bstable\\b|\\b(?:has|have) (?:slightly |markedly |mildly |also )?(?:increased|decreased|enlarged|grown|resolved|improved|progressed|developed|appeared)\\b',
  '\\b(?:increas|decreas)(?:ed|ing) (?:in (?:size|number|extent)|size|enhancement|edema)\\b|\\b(?:slightly|mildly|markedly|significantly) (?:increased|decreased|larger|smaller|improved)\\b|\\b(?:larger|smaller) than\\b',
  '\\bprogress(?:ion|ive|ed|ing)\\b|\\bregress(?:ion|ed|ing)\\b|\\bimproved\\b|\\bworsen\\w*\\b',
  '\\bnew(?:ly)?\\b|\\bfollow[- ]?up\\b|\\bprior (?:to|surgery on)\\b|\\bpre-existing\\b|\\bformerly\\b|\\bfrom prior\\b',
  '\\b(?:days?|weeks?|months?|years?) (?:ago|earlier|before|later)\\b',
  '\\b\\d{4}-\\d{2}-\\d{2}\\b|\\b\\d{1,2}/\\d{1,2}/(?:\\d{2}|\\d{4})\\b|\\b\\d{1,2}\\.\\d{1,2}\\.(?:19|20)\\d{2}\\b',
  `\\b${month}\\.? (?:\\d{1,2}(?:st|nd|rd|th)?,? )?(?:19|20)\\d{2}\\b|\\b\\d{1,2}(?:st|nd|rd|th)? ${month}\\.? (?:(?:19|20)\\d{2}\\b|\\b)|\\b${month}\\.? \\d{1,2}(?:st|nd|rd|th)\\b`,
  '\\b(?:dated|performed on|on) (?:19|20)\\d{2}\\b|\\b(?:in|from|of|since) (?:19|20)\\d{2}\\b',
];

const prior = new RegExp(patterns.join('|'), 'gi');

/** The words that speak of another time, in order; none for a text about one study alone. */
export const priorMentions = (text: string): string[] => Array.from(text.matchAll(prior), ([match]) => match.trim());
