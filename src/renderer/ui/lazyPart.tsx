/**
 * Parts of the window that its first paint can do without: their script is loaded right after it, one part after another, and
 * shown when it is there. What was loaded stays, so that a part never waits twice and none fails later.
 */
import { lazy, Suspense } from 'react';
import type { ComponentType, ReactNode } from 'react';

const loads: (() => Promise<unknown>)[] = [];

/** @param load the part's component @param placeholder stands in its place until then */
export function lazyPart<P extends object>(load: () => Promise<ComponentType<P>>, placeholder: ReactNode = null): (props: P) => ReactNode {
  let loading: Promise<{ default: ComponentType<P> }> | null = null;
  const once = (): Promise<{ default: ComponentType<P> }> => (loading ??= load().then((part) => ({ default: part })));
  loads.push(once);
  const Part = lazy(once) as unknown as ComponentType<P>;
  return function LazyPart(props: P): ReactNode {
    return <Suspense fallback={placeholder}><Part {...props} /></Suspense>;
  };
}

/** Loads all parts, once the window has been painted. */
export function loadParts(): void {
  requestAnimationFrame(() => {
    setTimeout(() => {
      void loads.reduce((before, load) => before.then(load), Promise.resolve<unknown>(null));
    });
  });
}
