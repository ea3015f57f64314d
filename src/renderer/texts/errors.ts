export const errorsTexts = { noShell: 'This page was opened outside the app', noShellAdvice: 'Start brat desktop with npm start' } as const;
