import { describe, expect, test } from 'vitest';
import { textDecoder } from './characterSet.ts';
import { displayName } from './personName.ts';

const decode = (terms: string, bytes: string): string => textDecoder(terms.split('\\'))(Buffer.from(bytes, 'latin1'));

describe('names in the character sets of PS3.5 annexes H to K and PS3.3 C.12.1.1.2', () => {
  test.each([
    ['German', 'ISO_IR 100', '\xc4neas^R\xfcdiger', 'Äneas^Rüdiger'],
    ['French', 'ISO_IR 100', 'Buc^J\xe9r\xf4me', 'Buc^Jérôme'],
    ['Czech', 'ISO_IR 101', 'Dvo\xf8\xe1k^Anton\xedn', 'Dvořák^Antonín'],
    ['Turkish', 'ISO_IR 148', 'Y\xfdld\xfdz', 'Yıldız'],
    ['Latin-9', 'ISO_IR 203', 'C\xbdur', 'Cœur'],
    ['Russian', 'ISO_IR 144', '\xbb\xee\xda\x63\x65\xdc\xd1\xe3\xe0\xd3', 'Люкceмбург'],
    ['Greek', 'ISO_IR 126', '\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2', 'Διονυσιος'],
    ['Arabic', 'ISO_IR 127', '\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1', 'قباني^لنزار'],
    ['Hebrew', 'ISO_IR 138', '\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4', 'שרון^דבורה'],
    ['Thai', 'ISO_IR 166', '\xca\xc1\xaa\xd2\xc2', 'สมชาย'],
    ['Japanese, first escape in the second group', '\\ISO 2022 IR 87', 'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B', 'Yamada^Tarou=山田^太郎=やまだ^たろう'],
    ['Japanese with half-width katakana', 'ISO 2022 IR 13\\ISO 2022 IR 87', '\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J', 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう'],
    ['Japanese supplement', '\\ISO 2022 IR 159', '\x1b$(D\x30\x21\x1b(B', '丂'],
    ['Korean', '\\ISO 2022 IR 149', 'Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf', 'Hong^Gildong=洪^吉洞=홍^길동'],
    ['Chinese in UTF-8', 'ISO_IR 192', 'Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1=', 'Wang^XiaoDong=王^小東='],
    ['Chinese in GB18030', 'GB18030', 'Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=', 'Wang^XiaoDong=王^小东='],
    ['Chinese in GBK', 'GBK', 'Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=', 'Wang^XiaoDong=王^小东='],
    ['Chinese by escape', '\\ISO 2022 IR 58', 'Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=', 'Zhang^XiaoDong=张^小东='],
    ['Greek beside Latin', 'ISO 2022 IR 100\\ISO 2022 IR 126', 'J\xe9r\xf4me \x1b-F\xc4\xe9\xef\xed', 'Jérôme Διον'],
  ])('%s', (_, terms, bytes, expected) => {
    expect(decode(terms, bytes)).toBe(expected);
  });

  test('a GB18030 character whose second byte is a backslash is not torn apart', () => {
    expect(decode('GB18030', '\x8e\x5c')).toBe('嶾');
  });

  test('an escape ends at a name delimiter, as the standard has it', () => {
    expect(decode('ISO 2022 IR 100\\ISO 2022 IR 144', '\x1b-L\xbb^\xe9')).toBe('Л^é');
  });
});

describe('declarations that are missing or wrong', () => {
  test.each([
    ['nothing declared, UTF-8 inside', '', 'J\xc3\xb6rg', 'Jörg'],
    ['nothing declared, Latin-1 inside', '', 'J\xf6rg', 'Jörg'],
    ['an unknown set', 'KLINGON', 'J\xf6rg', 'Jörg'],
    ['UTF-8 declared, Latin-1 inside', 'ISO_IR 192', 'J\xf6rg', 'Jörg'],
    ['a misspelt term', 'iso-ir-100', 'J\xf6rg', 'Jörg'],
    ['an escape cut short', 'ISO 2022 IR 100\\ISO 2022 IR 87', 'A\x1b', 'A'],
    ['an odd byte of a two-byte set', '\\ISO 2022 IR 87', '\x1b$B;3E', '山'],
  ])('%s', (_, terms, bytes, expected) => {
    expect(decode(terms, bytes)).toBe(expected);
  });
});

describe('names as shown', () => {
  test.each([
    ['Doe^Jane', 'Doe, Jane'],
    ['Adams^John Robert Quincy^^Rev.^B.A. M.Div.', 'Adams, John Robert Quincy'],
    ['Morrison-Jones^Susan^Ann^^Ph.D.', 'Morrison-Jones, Susan Ann'],
    ['Yamada^Tarou=山田^太郎=やまだ^たろう', 'Yamada, Tarou'],
    ['=山田^太郎', '山田, 太郎'],
    ['==やまだ^たろう', 'やまだ, たろう'],
    ['Doe', 'Doe'],
    ['^Jane', 'Jane'],
    ['', ''],
    ['^^^^', ''],
    ['***', ''],
  ])('%s is shown as "%s"', (value, shown) => {
    expect(displayName(value)).toBe(shown);
  });
});
