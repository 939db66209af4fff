/* guard/tokens/character.h: the classes of characters that the patterns tell apart. */
#pragma once

enum character {
    CHARACTER_NONE = 0, /* the end of the text */
    CHARACTER_UPPER,    /* Lu, Lt */
    CHARACTER_LOWER,    /* Ll */
    CHARACTER_LETTER,   /* Lm, Lo */
    CHARACTER_MARK,     /* M */
    CHARACTER_NUMBER,   /* N */
    CHARACTER_NEWLINE,  /* CR, LF */
    CHARACTER_SPACE,    /* White_Space but these */
    CHARACTER_OTHER,
};

/* Two steps: the block of the code point, then its class within the block. */
enum { CHARACTER_BLOCK = 128, CHARACTER_BLOCKS = 0x110000 / CHARACTER_BLOCK };
