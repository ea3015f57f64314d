import { PenLine } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Button, Key } from '../../ui/Button.tsx';
import { startSigning } from './signOffStore.ts';

/** Opens the sign-off sheet for the report that is being written. */
export function SignButton(): ReactNode {
  return <Button kind="primary" onClick={startSigning}><PenLine size={13} aria-hidden />{texts.signing.sign}<Key>F9</Key></Button>;
}
