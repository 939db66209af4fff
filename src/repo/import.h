/* repo/import.h: what the files of other tools say that aws-copilot.yml can say: AWS Copilot CLI's
 * manifests, samconfig.toml and its template, compose files, flightcontrol.json, Procfile.
 *
 * Reads only, below the root, files of at most IMPORT_FILE_MAX bytes. Values that look like secrets
 * are in nothing that is given out, only their names.
 */
#pragma once

#include "base/json.h"

enum { IMPORT_FILE_MAX = 64 * 1024, IMPORT_ROWS_MAX = 512 };

/* Reads what is there.
 *
 * Shape: {"files":["copilot/api/manifest.yml",...],
 *   "took":[{"env":"prod" or "","field":"env.LOG_LEVEL","value":"info" or
 * true,"where":"FILE:LINE"}], "left":[{"what":"cpu","why":"...","where":"FILE:LINE"}]} "env" is ""
 * for what concerns all environments, or the one that is chosen. The fields are those of
 * project_from_survey(), each once an environment: the first that says it counts. A value of true
 * is a secret's name. The caller decrefs. Errors: ERR_IO, ERR_NOT_FOUND (no such folder). A file
 * that is not understood is an entry of "left". */
MUST_CHECK enum err_code import_read(const char *root, json_t **out, struct err *err);
