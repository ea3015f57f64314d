/** The version of the program, for the window, `brat doctor` and logs; a test holds it to package.json. */
export const engineVersion = '0.1.0';
