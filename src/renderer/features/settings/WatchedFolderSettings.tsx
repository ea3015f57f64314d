/** The folder from which new studies come by themselves: which it is, and how it goes. */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { WatchedFolderState } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';

const words = texts.settings.watched;

async function follow(signal: AbortSignal, show: (state: WatchedFolderState) => void): Promise<void> {
  try {
    for await (const state of bridge().stream('watched.watch', {}, signal)) show(state);
  } catch {
    // The connection's own life sign breaks with it, and says so.
  }
}

export function WatchedFolderSettings(): ReactNode {
  const [state, setState] = useState<WatchedFolderState | null>(null);
  const [typed, setTyped] = useState<string | null>(null);
  const [failure, setFailure] = useState<ErrorData | null>(null);
  useEffect(() => {
    const living = new AbortController();
    void follow(living.signal, setState);
    return () => { living.abort(); };
  }, []);
  if (state === null) return null;
  const folder = typed ?? state.folder ?? '';
  const choose = (wanted: string | null): void => {
    setFailure(null);
    bridge().call('watched.set', { folder: wanted }).then(() => { setTyped(null); }, (error: unknown) => { setFailure(failureOf(error, words.title)); });
  };
  return (
    <form className="watched" onSubmit={(event) => { event.preventDefault(); choose(folder.trim()); }}>
      <label htmlFor="watched-folder">{words.title}</label>
      <div className="row">
        <input id="watched-folder" type="text" spellCheck={false} autoComplete="off" value={folder} placeholder={words.none} onChange={(event) => { setTyped(event.target.value); }} />
        <Button type="submit" disabled={folder.trim() === '' || folder.trim() === state.folder}>{words.watch}</Button>
        <Button kind="quiet" disabled={state.folder === null} onClick={() => { choose(null); }}>{words.stop}</Button>
      </div>
      <p className="state" role="status">{state.state === 'off' ? words.off : words.states[state.state](state.waiting)}{state.added + state.failed > 0 ? ` ${words.counts(state.added, state.failed)}` : ''}</p>
      {failure ?? state.failure ? <Failure error={(failure ?? state.failure)!} /> : null}
      <p className="hint">{words.hint}</p>
    </form>
  );
}
