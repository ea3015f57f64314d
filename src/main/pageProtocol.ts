/** Serves the built page under `app://brat/`, with the headers both shells send. */
import { protocol } from 'electron';
import type { Session } from 'electron';
import type { PageFiles } from '../shell/pageFiles.ts';
import { pageHeaders } from '../shell/pageHeaders.ts';
import { pageOrigin, pageScheme } from './guards.ts';

/** Before the app is ready: makes `app:` a scheme with an origin, so that storage and the policy's 'self' mean it. */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: pageScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

export async function answerPageRequest(files: PageFiles, request: Pick<Request, 'url' | 'method'>): Promise<Response> {
  const url = URL.parse(request.url);
  const refused = (status: number): Response => new Response(null, { status, headers: pageHeaders });
  if (url === null || `${url.protocol}//${url.host}` !== pageOrigin) return refused(403);
  if (request.method !== 'GET') return refused(405);
  const file = files(url.pathname);
  const body = await file?.read().catch(() => null);
  if (file === null || body == null) return refused(404);
  return new Response(body, { headers: { ...pageHeaders, 'Content-Type': file.contentType } });
}

export function servePage(session: Session, files: PageFiles): void {
  session.protocol.handle(pageScheme, (request) => answerPageRequest(files, request));
}
