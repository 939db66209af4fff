/* aws/cfn_room.h: what the files of the CloudFormation client share. Not for other rooms. */
#pragma once

#include "aws/form.h"
#include "aws/xml.h"

struct cfn_reply {
    const struct xml_node *root; /* NULL when an expected error came */
    const char *code;            /* of the expected error, or "" */
    const char *message;
};

/* One call; `expected` (NULL-ended, or NULL) are error codes that are answers. */
MUST_CHECK enum err_code cfn_call(const struct aws *aws, struct arena *arena, const char *action,
                                  const struct form *form, const char *const *expected,
                                  struct cfn_reply *out, struct err *err);

/* AWS's words as the sentences of base/err.h want them: trimmed, without a full stop. */
const char *cfn_sentence(struct arena *arena, const char *text);

/* "" where the element is absent or empty. */
const char *cfn_text(const struct xml_node *node, const char *path);

/* A timestamp; 0 where there is none. */
int64_t cfn_time(const struct xml_node *node, const char *path);

/* Whether an expected error says that the stack or set is not there. */
bool cfn_is_absent(const struct cfn_reply *reply);

/* Turns an expected error into ERR_NOT_FOUND or ERR_INVALID with AWS's sentence. */
enum err_code cfn_refuse(const char *action, const struct cfn_reply *reply, struct err *err);
