import { type BodyCase, bodyCase, hex, joined, placed } from './case.js';

const MALFORMED = {
  'a lone continuation': ['80', 'bf', '80 80', 'a0', '9f 98', '80 80 80 80 80'],
  'a sequence cut short': [
    'c3',
    'e2',
    'e2 82',
    'f0',
    'f0 9f',
    'f0 9f 98',
    'ef',
    'ef bf',
    'ef bb',
    'f4 8f bf',
  ],
  'an overlong form': [
    'c0 80',
    'c1 bf',
    'c0 af',
    'c0 a2',
    'e0 80 80',
    'e0 9f bf',
    'f0 80 80 80',
    'f0 8f bf bf',
  ],
  'an encoded surrogate': ['ed a0 80', 'ed ad bf', 'ed ae 80', 'ed b0 80', 'ed bf bf', 'ed a0 bd ed b8 80'],
  'past U+10FFFF': ['f4 90 80 80', 'f5 80 80 80', 'f7 bf bf bf', 'f8 88 80 80 80', 'fc 84 80 80 80 80'],
  'an impossible byte': ['fe', 'ff', 'fe fe ff ff', 'c0', 'c1', 'f5', 'f8', 'fc'],
  'a wrong continuation': [
    'c3 41',
    'e2 41 82',
    'e2 82 41',
    'f0 9f 41 80',
    'ef bf 41',
    'c3 c3 a9',
    'e2 82 e2 82 ac',
  ],
  'text of another encoding': ['e9', 'fc', 'e4 f6 fc', 'a4', '93 94', '82 a0', 'b0 a1', 'ff fe 41 00'],
};

// prettier-ignore
const BORDERS = [
  'c2 80', 'df bf', 'e0 a0 80', 'ed 9f bf', 'ee 80 80', 'ef bf bf', 'f0 90 80 80', 'f4 8f bf bf',
  'ef bb bf', 'ef bf bd', 'ef bf be', 'ef b7 90', 'f0 9f 98 80', 'e2 80 ae', 'cc 81', 'f3 a0 80 81',
];

const IN_STRINGS = ['["@"]', '["x@"]', '["@x"]', '{"@":1}', '{"a":"é€😀@"}', '{"k@":{"b":[1]}}'];
const OUTSIDE = ['@{}', '{}@', '[@]', '{@}', '[1,@]', '{"a":@}'];
const FAR = [`["${'x'.repeat(70_000)}@"]`];

/** Every class of malformed UTF-8 at every place, and the borders of what is well-formed beside it. */
export function utf8(): BodyCase[] {
  const malformed = Object.entries(MALFORMED).flatMap(([kind, sequences]) =>
    sequences.flatMap((sequence) =>
      [...IN_STRINGS, ...OUTSIDE, ...FAR].flatMap((place) =>
        placed([place], hex(sequence)).map((body) =>
          bodyCase(body, false, `${kind} ${sequence} in ${place.slice(0, 20)}`),
        ),
      ),
    ),
  );
  const borders = BORDERS.flatMap((sequence) => [
    ...placed(IN_STRINGS, hex(sequence)).map((body) => bodyCase(body, true)),
    ...placed(OUTSIDE, hex(sequence)).map((body) => bodyCase(body, false)),
  ]);
  return [...malformed, ...borders];
}

/** Byte order marks and documents in other encodings. */
export function byteOrderMarks(): BodyCase[] {
  const document = '{"event_type":"user.update","é":["€","😀"]}';
  const little = Buffer.from(document, 'utf16le');
  const big = Buffer.from(little).swap16();
  const wide = Buffer.concat(
    Array.from(document).map((character) => Buffer.from(Uint32Array.of(character.codePointAt(0)!).buffer)),
  );
  const wideBig = Buffer.from(wide).swap32();
  // prettier-ignore
  const marks = [
    'ef bb bf', 'ef bb bf ef bb bf', 'fe ff', 'ff fe', 'ff fe 00 00', '00 00 fe ff', '2b 2f 76 38', 'ef bb',
    'dd 73 66 73',
  ];
  return [
    ...marks.flatMap((mark) =>
      ['{}', '[1]', document, '', ' {}'].map((text) => bodyCase(joined(hex(mark), text), false)),
    ),
    ...[little, big, wide, wideBig].map((body) => bodyCase(body, false)),
    ...['ff fe', 'fe ff'].flatMap((mark) =>
      [little, big].map((body) => bodyCase(joined(hex(mark), body), false)),
    ),
    ...['{}\ufeff', ' \ufeff{}', '{\ufeff}', '[\ufeff1]'].map((body) => bodyCase(body, false)),
    ...['["\ufeff"]', '{"\ufeff":1}'].map((body) => bodyCase(body, true)),
    bodyCase(Buffer.from(document, 'latin1'), false, 'a document in Latin-1'),
    bodyCase('+AHs-+AH0-', false, 'a document in UTF-7'),
  ];
}
