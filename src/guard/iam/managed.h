/* guard/iam/managed.h: what the managed policies of AWS allow.
 *
 * Source: IAM's own answers as moto carries them, pinned in scripts/pins.sh. Compiled into the
 * program; any thread may read it.
 */
#pragma once

#include <jansson.h>

#include "base/str.h"

/* How many managed policies the table has. */
size_t iam_managed_n(void);

/* The name of policy `i`, ascending. */
const char *iam_managed_name(size_t i);

/* The day of the newest policy of the table, "2026-09-30". */
const char *iam_managed_date(void);

/* The name in the ARN of a policy that AWS manages, in any partition
 * ("arn:aws:iam::aws:policy/service-role/NAME"); empty where it is no such ARN. */
struct str iam_managed_arn_name(struct str arn);

/* The document of the policy called `name` as it is by default, each list written as a list and
 * without the Sids; NULL where AWS has none of this name. The caller decrefs. */
json_t *iam_managed_document(struct str name);
