/** Settings: appearance, shortcuts, what the app does by itself, models and provider, storage. */
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Preferences } from '../../../shared/contract.ts';
import { textSizes, themes } from '../../../shared/choices.ts';
import { texts } from '../../texts.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { PolicySettings } from '../readers/PolicySettings.tsx';
import { HangingSettings } from './HangingSettings.tsx';
import { ProviderSettings } from './ProviderSettings.tsx';
import { ShortcutSettings } from './ShortcutSettings.tsx';
import { StorageSettings } from './StorageSettings.tsx';
import { WatchedFolderSettings } from './WatchedFolderSettings.tsx';
import { usePreferences } from './preferencesStore.ts';
import './settings.css';

const parts = ['appearance', 'shortcuts', 'hanging', 'policies', 'models', 'storage'] as const;
type Part = (typeof parts)[number];

/** A choice among few, as radio buttons in a row. */
function Choice<T extends string>({ name, options, value, words, onChange }: { readonly name: string; readonly options: readonly T[]; readonly value: T; readonly words: Readonly<Record<T, string>>; readonly onChange: (value: T) => void }): ReactNode {
  return (
    <fieldset className="choice">
      <legend>{name}</legend>
      {options.map((option) => <label key={option}><input type="radio" name={name} checked={option === value} onChange={() => { onChange(option); }} />{words[option]}</label>)}
    </fieldset>
  );
}

function Appearance({ preferences, change }: { readonly preferences: Preferences; readonly change: (changed: Partial<Preferences>) => void }): ReactNode {
  return (
    <>
      <Choice name={texts.settings.theme} options={themes} value={preferences.theme} words={texts.settings.themes} onChange={(theme) => { change({ theme }); }} />
      <p className="hint">{texts.settings.themeHint}</p>
      <Choice name={texts.settings.textSize} options={textSizes} value={preferences.textSize} words={texts.settings.textSizes} onChange={(textSize) => { change({ textSize }); }} />
    </>
  );
}

function Policies({ preferences, change }: { readonly preferences: Preferences; readonly change: (changed: Partial<Preferences>) => void }): ReactNode {
  return (
    <>
      <label className="switch"><input type="checkbox" checked={preferences.backgroundProcessing} onChange={(event) => { change({ backgroundProcessing: event.target.checked }); }} />{texts.settings.background}</label>
      <p className="hint">{texts.settings.backgroundHint}</p>
      <WatchedFolderSettings />
      <PolicySettings />
    </>
  );
}

export function SettingsSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [part, setPart] = useState<Part>('appearance');
  const { preferences, change } = usePreferences();
  const changeNow = (changed: Partial<Preferences>): void => { void change(changed); };
  if (preferences === null) return null;
  return (
    <Sheet title={texts.settings.title} onClose={onClose}>
      <div className="settings">
        <div role="tablist" aria-orientation="vertical" aria-label={texts.settings.title}>
          {parts.map((name) => <button key={name} type="button" role="tab" id={`settings-${name}`} aria-selected={name === part} aria-controls="settings-part" onClick={() => { setPart(name); }}>{texts.settings.parts[name]}</button>)}
        </div>
        <div role="tabpanel" id="settings-part" aria-labelledby={`settings-${part}`} tabIndex={0}>
          {part === 'appearance' ? <Appearance preferences={preferences} change={changeNow} /> : null}
          {part === 'shortcuts' ? <ShortcutSettings shortcuts={preferences.shortcuts} onChange={(shortcuts) => { changeNow({ shortcuts }); }} /> : null}
          {part === 'hanging' ? <HangingSettings hanging={preferences.hanging} onChange={(hanging) => { changeNow({ hanging }); }} /> : null}
          {part === 'policies' ? <Policies preferences={preferences} change={changeNow} /> : null}
          {part === 'models' ? <ProviderSettings /> : null}
          {part === 'storage' ? <StorageSettings /> : null}
        </div>
      </div>
    </Sheet>
  );
}
