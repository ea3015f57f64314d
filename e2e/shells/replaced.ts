export { openBrowserShell as openReplacedShell } from './browser.ts';
