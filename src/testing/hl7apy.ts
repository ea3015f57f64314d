/** HL7 v2 messages as hl7apy reads them, held against the structure of v2.5.1. */
import { execFileSync } from 'node:child_process';
import { trainingPython } from './otherTools.ts';

const parse = `
import sys, json
from hl7apy.parser import parse_message
from hl7apy.consts import VALIDATION_LEVEL
text = sys.stdin.buffer.read().decode('utf-8')
m = parse_message(text, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=True)
m.validate()
flat = parse_message(text, find_groups=False)
back = {'E': '\\\\', 'F': '|', 'S': '^', 'T': '&', 'R': '~'}
def plain(t):
    out, at = '', 0
    while at < len(t):
        if t[at] == '\\\\':
            end = t.index('\\\\', at + 1)
            word = t[at + 1:end]
            out += '\\n' if word == '.br' else back[word]
            at = end + 1
        else:
            out += t[at]
            at += 1
    return out
print(json.dumps({
  'structure': m.msh.msh_9.to_er7(), 'charset': m.msh.msh_18.to_er7(), 'name': m.name,
  'patient': plain(flat.pid.pid_3.to_er7()), 'person': [plain(c.to_er7()) for c in flat.pid.pid_5.children],
  'birth': flat.pid.pid_7.to_er7(), 'sex': flat.pid.pid_8.to_er7(), 'accession': plain(flat.obr.obr_3.to_er7()), 'status': flat.obr.obr_25.to_er7(), 'interpreter': flat.obr.obr_32.to_er7(),
  'observations': [[o.obx_2.to_er7(), o.obx_3.obx_3_1.to_er7(), plain(raw.split('|')[5]), o.obx_6.to_er7(), o.obx_11.to_er7()] for o, raw in zip(flat.obx, [line for line in text.split('\\r') if line.startswith('OBX')])],
}))
`;

export interface ParsedMessage {
  readonly name: string;
  readonly structure: string;
  readonly charset: string;
  readonly patient: string;
  readonly person: readonly string[];
  readonly birth: string;
  readonly sex: string;
  readonly accession: string;
  readonly status: string;
  readonly interpreter: string;
  readonly observations: readonly (readonly [type: string, code: string, value: string, unit: string, status: string])[];
}

/** Parses and validates a message. @throws Error with what hl7apy holds against it */
export const parsedByHl7apy = (message: string): ParsedMessage => JSON.parse(execFileSync(trainingPython, ['-c', parse], { input: message, encoding: 'utf8' })) as ParsedMessage;
