/**
 * The terms under which models are brought in. The app ships none of these models; whoever imports one reads and accepts
 * its terms, and the pack keeps who did and when. These are summaries: the licence itself is what counts.
 */

export type LicenceId = 'cc-by-nc-sa-4.0' | 'llama-3.2' | 'own';

export interface Licence {
  readonly id: LicenceId;
  readonly name: string;
  readonly spdx: string;
  readonly nonCommercial: boolean;
  /** What it asks, in plain words. */
  readonly summary: readonly string[];
  /** Where the whole text stands. */
  readonly url: string;
}

export const licences: Readonly<Record<LicenceId, Licence>> = {
  'cc-by-nc-sa-4.0': {
    id: 'cc-by-nc-sa-4.0',
    name: 'Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International',
    spdx: 'CC-BY-NC-SA-4.0',
    nonCommercial: true,
    summary: [
      'The official brat weights are given under these terms.',
      'Non-commercial use only: not primarily for commercial advantage or money. Ask your institution whether clinical work counts as such.',
      'Name the authors of brat wherever you share the model or what is made of it.',
      'What you make of the model may only be shared under the same licence.',
      'There is no warranty.',
    ],
    url: 'https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode',
  },
  'llama-3.2': {
    id: 'llama-3.2',
    name: 'Llama 3.2 Community License Agreement',
    spdx: 'LicenseRef-Llama-3.2',
    nonCommercial: false,
    summary: [
      'Llama 3.2 is licensed under the Llama 3.2 Community License, Copyright © Meta Platforms, Inc. All Rights Reserved.',
      'Use must follow the Llama 3.2 Acceptable Use Policy, which forbids, among others, the unlicensed practice of medicine.',
      'Whoever passes the model on, or a product with it, adds the agreement and shows "Built with Llama".',
      'Above 700 million monthly users a licence of its own is needed.',
      'There is no warranty.',
    ],
    url: 'https://www.llama.com/llama3_2/license/',
  },
  own: {
    id: 'own',
    name: 'Your own model',
    spdx: 'LicenseRef-Own',
    nonCommercial: false,
    summary: ['You state that the model is yours to use: trained by you, or given to you under terms you keep.'],
    url: '',
  },
};
