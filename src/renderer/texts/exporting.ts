export const exportingTexts = {
  title: 'Export…',
  draftTitle: 'Copy of the draft…',
  print: 'Print the signed report',
  printDraft: 'Print the draft, marked as such',
  saved: (names: readonly string[]): string => `Saved: ${names.join(', ')}`,
  formats: {
    text: 'Text', pdf: 'PDF', 'encapsulated-pdf': 'DICOM: PDF', 'basic-sr': 'DICOM: text report (Basic Text SR)', 'comprehensive-sr': 'DICOM: report with measurements (Comprehensive SR)',
    seg: 'DICOM: segmentation of the lesions', fhir: 'FHIR R4 bundle', hl7: 'HL7 v2 ORU^R01',
  },
  draftFormats: { text: 'Text, each line marked DRAFT', pdf: 'PDF, each page marked DRAFT' },
} as const;
