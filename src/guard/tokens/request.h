/* guard/tokens/request.h: the tokens of a chat request, with what the service puts around it.
 *
 * The counts of texts are exact. What stands between messages and how functions are written out is
 * the service's own and was read off its bills, so the sum is an estimate; `usage` settles it
 * (ledger.h). What is not text, a picture, is not counted.
 *
 * Source: the OpenAI Cookbook, "How to count tokens with tiktoken".
 */
#pragma once

#include "base/json.h"
#include "guard/tokens/tokens.h"

/* `messages`: [{"role","content","name"?,...}], content a string or a list of parts with "text".
 * `tools`: [{"function":{"name","description","parameters"}}] as in a request, or NULL. */
size_t tokens_request(enum encoding encoding, const json_t *messages, const json_t *tools);
