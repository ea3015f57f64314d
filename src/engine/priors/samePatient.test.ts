import { describe, expect, test } from 'vitest';
import { namesAgree, patientNumber, relationOf } from './samePatient.ts';

const jane = { patientId: 'P1', patientIdIssuer: '', patientName: 'Doe, Jane', birthDate: '1960-03-01', sex: 'F' };
const relation = (other: Partial<typeof jane>, of: Partial<typeof jane> = {}) => relationOf({ ...jane, ...of }, { ...jane, ...other });

describe('one patient number', () => {
  test('with the same name and birth date is the same patient', () => { expect(relation({})).toEqual({ relation: 'same', differs: [], unchecked: [] }); });

  test.each([
    ['upper case', 'DOE, JANE'], ['an accent', 'Doë, Jané'], ['a middle name', 'Doe, Jane Mary'], ['a middle initial', 'Doe, Jane M'], ['the other order', 'Jane Doe'],
  ])('and the name written with %s still is', (_, patientName) => { expect(relation({ patientName })?.relation).toBe('same'); });

  test('but another name, birth date or sex is told, not passed over', () => {
    expect(relation({ patientName: 'Roe, Jane' })).toMatchObject({ relation: 'mismatch', differs: ['name'] });
    expect(relation({ birthDate: '1960-01-03' })).toMatchObject({ relation: 'mismatch', differs: ['birthDate'] });
    expect(relation({ sex: 'M' })).toMatchObject({ relation: 'mismatch', differs: ['sex'] });
    expect(relation({ patientName: 'Doe' })).toMatchObject({ relation: 'mismatch', differs: ['name'] });
  });

  test('what one side lacks is said to be unchecked', () => {
    expect(relation({ patientName: '', birthDate: '', sex: '' })).toEqual({ relation: 'same', differs: [], unchecked: ['name', 'birthDate'] });
    expect(relation({ patientName: 'ANONYMOUS' })).toMatchObject({ relation: 'same', unchecked: ['name'] });
  });

  test('of another issuer is another number', () => {
    expect(relation({ patientIdIssuer: 'Hospital B' }, { patientIdIssuer: 'Hospital A' })).toMatchObject({ relation: 'possible', differs: ['issuer'] });
    expect(relation({ patientIdIssuer: 'HOSPITAL A' }, { patientIdIssuer: 'Hospital A ' })?.relation).toBe('same');
    expect(relation({ patientIdIssuer: 'Hospital B' })?.relation).toBe('same');
    expect(relation({ patientIdIssuer: 'B', birthDate: '1999-01-01' }, { patientIdIssuer: 'A' })).toBeNull();
  });

  test.each(['ANONYMOUS', 'anon123', 'Unknown', '0000', 'N/A', 'none', '   ', '***', 'no id'])('that anonymisers write for everybody (%s) is none', (patientId) => {
    expect(patientNumber(patientId)).toBe('');
    expect(relation({ patientId, patientName: 'Roe, Ann' }, { patientId })).toBeNull();
    expect(relation({ patientId, birthDate: '' }, { patientId })).toBeNull();
  });

  test('is compared without blanks around it, and otherwise exactly', () => {
    expect(relation({ patientId: ' P1 ' })?.relation).toBe('same');
    expect(relation({ patientId: 'P01', birthDate: '' })).toBeNull();
    expect(relation({ patientId: 'P12', patientName: 'Roe, Ann' })).toBeNull();
  });
});

describe('another patient number', () => {
  test('with the same name and birth date is offered as possible', () => {
    expect(relation({ patientId: 'X9' })).toMatchObject({ relation: 'possible', differs: ['patientId'] });
    expect(relation({ patientId: '' })).toMatchObject({ relation: 'possible' });
  });
  test('with the same name but no birth date, or twins, is not', () => {
    expect(relation({ patientId: 'X9', birthDate: '' })).toBeNull();
    expect(relation({ patientId: 'X9', patientName: 'Doe, Joan' })).toBeNull();
  });
});

test('names of other scripts are compared as they are', () => {
  expect(namesAgree('山田, 太郎', '山田, 太郎')).toBe(true);
  expect(namesAgree('山田, 太郎', '山田, 花子')).toBe(false);
});
