/** How the reader likes the window: kept by the engine, applied to the page as soon as it is known. */
import { create } from 'zustand';
import type { Preferences } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { tellError } from '../notices/noticesStore.ts';
import { onChanged } from '../connection/connectionStore.ts';
import { useShortcuts } from '../keyboard/registry.ts';
import { useViewer } from '../viewer/viewerStore.ts';
import { texts } from '../../texts.ts';

interface PreferencesState {
  readonly preferences: Preferences | null;
  readonly change: (changed: Partial<Preferences>) => Promise<void>;
}

export const usePreferences = create<PreferencesState>()((set, get) => ({
  preferences: null,
  async change(changed) {
    const before = get().preferences;
    if (before === null) return;
    set({ preferences: { ...before, ...changed } });
    try {
      await bridge().call('preferences.set', changed);
    } catch (error) {
      set({ preferences: before });
      tellError(error, texts.settings.title);
    }
  },
}));

const systemIsLight = window.matchMedia('(prefers-color-scheme: light)');

function apply(): void {
  const { preferences } = usePreferences.getState();
  if (preferences === null) return;
  const { theme, textSize, shortcuts, hanging } = preferences;
  const { dataset } = document.documentElement;
  dataset['theme'] = theme === 'system' ? (systemIsLight.matches ? 'light' : 'dark') : theme;
  dataset['text'] = textSize;
  useShortcuts.setState({ own: shortcuts });
  useViewer.setState({ hanging });
}

async function load(): Promise<void> {
  usePreferences.setState({ preferences: await bridge().call('preferences.get', {}) });
}

/** Keeps the page as the reader likes it. @returns the way to end that */
export function followPreferences(): () => void {
  const stop = [
    usePreferences.subscribe(apply),
    onChanged((study) => { if (study === null) load().catch(() => undefined); }), // the connection says when it is lost
  ];
  systemIsLight.addEventListener('change', apply);
  return () => {
    systemIsLight.removeEventListener('change', apply);
    for (const end of stop) end();
  };
}
