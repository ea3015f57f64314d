/** The messages that cross a pipe, as schemas: what arrives is parsed by them before anything else looks at it. */
import * as z from 'zod';
import { errorData } from '../shared/contract.ts';

const id = z.int().min(0);

export const requestMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('call'), id, method: z.string(), params: z.unknown() }),
  /** `credit` items may be sent before the caller asks for more. */
  z.object({ type: z.literal('open'), id, method: z.string(), params: z.unknown(), credit: z.int().min(1).max(1024) }),
  z.object({ type: z.literal('more'), id, credit: z.int().min(1).max(1024) }),
  z.object({ type: z.literal('cancel'), id }),
]);

export const replyMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('result'), id, value: z.unknown() }),
  z.object({ type: z.literal('item'), id, value: z.unknown() }),
  z.object({ type: z.literal('end'), id }),
  z.object({ type: z.literal('error'), id, error: errorData }),
]);

export type RequestMessage = z.output<typeof requestMessage>;
export type ReplyMessage = z.output<typeof replyMessage>;

/** The call a message that does not parse was about, if it says so at all. */
export function claimedId(message: unknown): number | null {
  const claimed = z.object({ id }).safeParse(message);
  return claimed.success ? claimed.data.id : null;
}
