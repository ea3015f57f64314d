export const noticesTexts = { region: 'Messages', dismiss: 'Dismiss message', advice: 'Next', code: 'Code' } as const;
