/** The keys of every feature. What Escape leaves is tried in this order. */
import '../features/keyboard/keys.ts';
import '../features/readers/keys.ts';
import '../features/signing/keys.ts';
import '../features/audit/keys.ts';
import '../features/worklist/keys.ts';
import '../features/studies/keys.ts';
import '../features/reading/keys.ts';
import '../features/similar/keys.ts';
import '../features/viewer/keys.ts';
import '../features/measurements/keys.ts';
import '../features/series/keys.ts';
import '../features/import/keys.ts';
import '../features/quality/keys.ts';
