/** What can be chosen among, as plain lists and numbers: the contract is made of them, and the window shows them without its schemas. */

/** What a series is used for. `other` covers everything that is not one of the four sequences the models know. */
export const roles = ['t1c', 't1', 't2', 'flair', 'other'] as const;

export const studyStates = ['new', 'queued', 'processing', 'drafted', 'withheld', 'reading', 'signed', 'failed'] as const;

export const themes = ['dark', 'light', 'system'] as const;
export const textSizes = ['small', 'normal', 'large', 'largest'] as const;

export const readerRoles = ['resident', 'radiologist', 'administrator'] as const;

/** In the order of a report. */
export const reportSections = ['technique', 'findings', 'impression'] as const;

/** Characters of a reader's passphrase. */
export const passphraseLength = { least: 8, most: 200 } as const;

/** What a macro may be called: what follows the point while typing. */
export const macroName = /^[\p{L}\p{N}_-]{1,40}$/u;

/** Forms a signed report leaves in, and those a copy of a draft may have. */
export const exportFormats = ['text', 'pdf', 'encapsulated-pdf', 'basic-sr', 'comprehensive-sr', 'seg', 'fhir', 'hl7'] as const;
export const draftCopyFormats = ['text', 'pdf'] as const;
