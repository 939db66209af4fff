/* agent/executor/upload.h: which bytes go where: the backend's zip into the artifact bucket, the
 * site into its own. Everything is named by its content, so what is there is not sent again. */
#pragma once

#include "agent/agent.h"

/* `backend/<sha256>.zip` into the artifact bucket; OUTCOME_OK where there is no back end. */
enum outcome upload_backend(struct turn *turn);

/* The assets into shared/, all else below releases/<hash>/; OUTCOME_OK where there is no site. */
enum outcome upload_site(struct turn *turn, const char *bucket);
