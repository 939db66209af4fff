/* guard/secret_file.h: which files hold secrets, by their names alone.
 *
 * One table (secret_file.def) for whoever shows, copies, ships or takes over files: commands,
 * drafts, the reader of the repository, the function's zip. What stands in them is the redactor's
 * matter.
 */
#pragma once

#include "base/str.h"

enum secret_file {
    SECRET_FILE_NONE = 0,
    SECRET_FILE_MAYBE, /* a program keeps secrets there by its habit, or it is a copy of data:
                        * whoever shows it asks */
    SECRET_FILE_SURE,  /* it is there for secrets: nobody shows, copies, ships or writes it */
    SECRET_FILE_N,
};

/* What a path's names say: ".env", ".aws/config" and "tls/server.key" are sure, "dump.sql" may be.
 * Of NAME=PATH and @PATH, as commands are given them, the path. A sample for others to fill
 * (".env.example") is none. */
enum secret_file secret_file_of(struct str path);
