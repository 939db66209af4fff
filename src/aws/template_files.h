/* aws/template_files.h: the bytes of templates/NAME.json; scripts/embed writes them into a source.
 */
#pragma once

#include "base/str.h"

extern const struct str template_file_bootstrap;
extern const struct str template_file_static;
extern const struct str template_file_lambda_http;
