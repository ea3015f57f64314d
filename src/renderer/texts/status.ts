import { plural } from './plural.ts';

export const statusTexts = {
  region: 'Status',
  cases: (count: number): string => plural(count, 'prior case', 'prior cases'),
  noPack: 'No model pack',
  provider: 'Runs on',
  fallback: 'Fallback',
  connection: { connecting: 'Connecting', ready: 'Ready', lost: 'Reconnecting' },
  lostText: 'The engine stopped answering. It is being started again; what was stored is kept.',
  reconnect: 'Reconnect now',
  backText: 'The engine is back.',
  help: 'Keyboard',
  settings: 'Settings',
  packDetails: 'Models',
  intendedUse: 'Intended use',
  limits: 'Limits',
  licence: 'Licence',
  providers: 'Providers',
  providerStates: { used: 'in use', passed: 'passed', failed: 'failed', unavailable: 'not available', untested: 'not tested' },
  difference: (value: string): string => `largest difference ${value}`,
  close: 'Close',
} as const;
