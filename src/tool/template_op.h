/* tool/template_op.h: a template from its inputs as JSON, the same for planner, reviewer and
 * preview. A template's text is an artefact: it is scanned and refused, never masked, so it is not
 * kept in a session's state; its inputs are.
 *
 * Shape of the inputs: {"kind":"lambda-http","profile":"aws","endpoint_port":0,"account":"…",
 * "parameters":{name: text or true},"runtime":"python3.13","architecture":"arm64","settings":{},
 * "variables":{},"build_id":"…","code":"64 hex digits","patterns":[…]}; what a kind does not have
 * is absent. */
#pragma once

#include "aws/template.h"

/* Emits the template; `*out` is the caller's to template_text_done().
 * Errors: ERR_INVALID, those of template_emit(). */
MUST_CHECK enum err_code template_op_emit(const json_t *inputs, struct template_text *out,
                                          struct err *err);

/* ERR_TEMPLATE with the first finding of template_check() under the change set name `set_name`. */
MUST_CHECK enum err_code template_op_check(const json_t *template, const json_t *parameters,
                                           const char *set_name, struct err *err);
