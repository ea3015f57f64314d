/** A thumbnail, or a quiet mark where there is none. */
import { ImageOff } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { pngUrl } from './pngUrl.ts';

/** Thumbnails are fetched once each; the oldest go when there are more than this. */
const kept = 300;
const known = new Map<string, Promise<Uint8Array | null>>();

function pictureOf(name: string, fetchPicture: () => Promise<Uint8Array | null>): Promise<Uint8Array | null> {
  const before = known.get(name);
  if (before !== undefined) return before;
  const asked = fetchPicture().catch(() => {
    known.delete(name); // asked for again when next shown; a missing picture is no reason for a message
    return null;
  });
  known.set(name, asked);
  if (known.size > kept) known.delete(known.keys().next().value!);
  return asked;
}

/** @param name key of the picture among all others; a component shows one for as long as it lives */
export function Thumbnail({ name, fetchPicture }: { readonly name: string; readonly fetchPicture: () => Promise<Uint8Array | null> }): ReactNode {
  const [png, setPng] = useState<Uint8Array | null>(null);
  const [fetchOnce] = useState(() => fetchPicture);
  useEffect(() => {
    let current = true;
    void pictureOf(name, fetchOnce).then((bytes) => { if (current) setPng(bytes); });
    return () => { current = false; };
  }, [name, fetchOnce]);
  const url = useMemo(() => (png === null || png.length === 0 ? null : pngUrl(png)), [png]);
  return <span className="thumbnail">{url === null ? <ImageOff size={16} strokeWidth={1.3} aria-hidden /> : <img src={url} alt="" draggable={false} />}</span>;
}
