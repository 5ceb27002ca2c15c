import fc from 'fast-check';

/** Generates JSON texts as serializers and people write them: odd spellings of numbers and strings, repeated names, any white space. */
export const jsonTexts: fc.Arbitrary<string> = fc.letrec<{ value: string; space: string }>((tie) => ({
  space: fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 2 }),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    oddScalars(),
    fc.array(fc.tuple(tie('space'), tie('value'), tie('space')), { maxLength: 4 }).map(bracketed('[', ']')),
    fc
      .array(
        fc.tuple(tie('space'), oddStrings(), tie('space'), fc.constant(':'), tie('space'), tie('value'), tie('space')),
        {
          maxLength: 4,
        },
      )
      .map(bracketed('{', '}')),
  ),
})).value;

function bracketed(open: string, close: string) {
  return (members: readonly string[][]) => `${open}${members.map((member) => member.join('')).join(',')}${close}`;
}

function oddStrings(): fc.Arbitrary<string> {
  const spelled = fc
    .string({ unit: fc.constantFrom(...'a{[":,\\/ \n의é🪑'), maxLength: 6 })
    .map((text) => JSON.stringify(text));
  const odd = fc.constantFrom(
    '"a"',
    '"a"',
    '"\\u0061"',
    '"\\/"',
    '"\\"{"',
    '"\\\\"',
    '"[]: ,"',
    '" "',
    '""',
    '"\uFEFF"',
  );
  return fc.oneof(odd, spelled);
}

function oddScalars(): fc.Arbitrary<string> {
  const odd = ['9007199254740993', '1.0', '1e2', '1E+2', '-0', '0.10', '1e400', 'true', 'false', 'null'];
  return fc.oneof(fc.constantFrom(...odd), oddStrings());
}
