import 'react';

declare module 'react' {
  interface InputHTMLAttributes<T> {
    /** Lets a file input take a folder; known to all browsers the app runs in, not to the standard. */
    webkitdirectory?: T extends HTMLInputElement ? string : never;
  }
}
