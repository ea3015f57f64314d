/**
 * Imported first by every script of a page: zod would otherwise try `new Function` while schemas are built, which our
 * content security policy forbids and the browser would report as a violation.
 */
import * as z from 'zod';

z.config({ jitless: true });
