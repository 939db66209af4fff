/* guard/redact/sign_form.h: the forms of what stands between a name and its value, for sign.c.
 *
 * A reader of a form is asked where the value of `name` begins; it says 0 when this is not its
 * form. */
#pragma once

#include "guard/redact/name.h"

/* What stands behind a name. */
struct behind {
    size_t at;   /* behind the name, and the quote that closes it */
    size_t sign; /* the same behind blanks: at the = of an operator such as := */
};

/* sign_code.c: "NAME", "VALUE" as arguments, in a tuple or a list; NAME == "VALUE"; NAME("VALUE");
 * NAME || "VALUE" */
size_t sign_after_comma(const struct scan *scan, const struct name *name, struct behind behind);
size_t sign_after_comparison(const struct scan *scan, const struct name *name,
                             struct behind behind);
size_t sign_after_call(const struct scan *scan, const struct name *name, struct behind behind);
size_t sign_after_default(const struct scan *scan, const struct name *name, struct behind behind);

/* "string = " in "token string = ...", "token: &str = ...", "password nvarchar(64) := ...",
 * "Password As String = ...", "Password { get; set; } = ..." and "token: str = Field(default=...":
 * where the value's quote stands; 0 when `at` is not at a type. */
size_t sign_typed_value(const struct scan *scan, size_t at);

/* sign_table.c: NAME | VALUE; NAME ..... VALUE; NAME,VALUE as a line of CSV. */
size_t sign_after_bar(const struct scan *scan, const struct name *name, struct behind behind);
size_t sign_after_dots(const struct scan *scan, const struct name *name, struct behind behind);
size_t sign_after_csv_name(const struct scan *scan, const struct name *name, struct behind behind);

/* Over blanks and colours, to where a value begins. */
size_t sign_value_begin(const struct scan *scan, size_t at);

/* Whether a name has several words, as none of a sentence: api_key, secret-key, SecretKey. */
bool sign_is_compound(struct str name);

/* What stands behind the last dot of a name: NAME of env.NAME. */
struct str sign_last_part(struct str name);

/* Whether a word of `min` characters and more begins at `at` that nobody writes in a sentence and
 * that is no type of code: with a digit or a sign in it. */
bool sign_is_marked_word(const struct scan *scan, size_t at, size_t min);
