/* tool/services.h: what operations work with: clients, store, folders, settings of one session.
 *
 * Made by flow when a session is opened, and shared by all workers. Everything is borrowed from
 * flow and outlives every call. Members are read only, but for what locks itself (store, redactor,
 * AWS client).
 */
#pragma once

#include <stdatomic.h>

#include "aws/client.h"
#include "aws/profile.h"
#include "guard/redact/redact.h"
#include "guard/vault.h"
#include "model/client.h"
#include "repo/project.h"
#include "store/store.h"

struct services {
    struct store *store;
    struct redactor *redactor;
    struct vault *vault; /* values that a person gave and nobody has stored yet */

    struct aws_client *aws;                 /* NULL in a session that never reaches AWS */
    struct model_client *model;             /* NULL: everything goes on in plain words */
    const struct endpoint_profile *profile; /* what stands behind the endpoint */
    const char *qualifier;                  /* of the bootstrap stack: "depl" */

    const char *root;         /* the repository, absolute */
    const char *state_dir;    /* 0700; store.db, artefacts/ */
    const char *artefact_dir; /* files named by their SHA-256 */
    const char *cache_dir;    /* caches that may be deleted at any time */

    const struct project *project;         /* aws-copilot.yml, or NULL */
    const struct project_env *environment; /* of `project`, or NULL */

    int64_t
        take; /* number by which this process runs a session that machines share; 0: it is not */

    bool is_sandboxed; /* false only by a person's --no-sandbox */
};

/* The view on the AWS client for one call: its cancel flag and deadline.
 * Errors: ERR_DEFECT when the session has no AWS client. */
struct op;
MUST_CHECK enum err_code services_aws(const struct op *op, struct aws *out, struct err *err);
