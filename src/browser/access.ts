/**
 * Who may talk to the loopback server. The page's URL carries a token that works once, for a minute, and is exchanged
 * for a session cookie; every request must name this server as its host (against DNS rebinding) and, where it says
 * where it comes from, come from this server's own page. What remains: another account of this machine could read the
 * token from the process list and use it first; the window then shows a refusal, and nobody's data was opened unseen.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const tokenLifeMs = 60_000;

const secret = (): string => randomBytes(32).toString('base64url');

const same = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

export type Refusal = { readonly status: 400 | 401 | 403; readonly message: string };

export interface Access {
  /** The URL to open, once. */
  readonly url: string;
  /** Null when the request names the right host and origin. */
  refuseSource(request: IncomingMessage): Refusal | null;
  /** Null when the request carries the session cookie. */
  refuseSession(request: IncomingMessage): Refusal | null;
  /** Exchanges the token for the value of a Set-Cookie header; null when it is wrong, used or too old. */
  redeem(token: string): string | null;
}

/** @param now milliseconds of a clock that does not go back */
export function createAccess(port: number, now: () => number = () => performance.now()): Access {
  const authority = `127.0.0.1:${port}`;
  const origin = `http://${authority}`;
  // Cookies do not tell ports apart, so two of these servers at once need two names.
  const cookieName = `brat_session_${port}`;
  const session = secret();
  const madeAt = now();
  let token: string | null = secret();

  return {
    url: `${origin}/?token=${token}`,
    refuseSource({ headers }) {
      if (headers.host !== authority) return { status: 403, message: 'This address is not served here' };
      if (headers.origin !== undefined && headers.origin !== origin) return { status: 403, message: 'Requests of other pages are refused' };
      return null;
    },
    refuseSession({ headers }) {
      const given = (headers.cookie ?? '').split(/;\s*/).find((cookie) => cookie.startsWith(`${cookieName}=`));
      if (given !== undefined && same(given.slice(cookieName.length + 1), session)) return null;
      return { status: 401, message: 'This window is not signed in: start the app again' };
    },
    redeem(given) {
      if (token === null || now() - madeAt > tokenLifeMs || !same(given, token)) return null;
      token = null;
      return `${cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/`;
    },
  };
}
