export const appTexts = { name: 'brat desktop', notForDiagnosis: 'Drafts need a reader. Nothing here is a report until a person signs it.' } as const;
