/* front/verb/here.h: what would be deployed from this repository, without AWS and without a build.
 */
#pragma once

#include "front/cli/verb.h"

/* The template as the survey finds it, with the parameters' defaults; the caller decrefs.
 * Errors: ERR_UNSUPPORTED (nothing to deploy), those of a survey. */
MUST_CHECK enum err_code here_template(struct cli *cli, const json_t *flags, json_t **out,
                                       struct err *err);

/* What whoever deploys needs, and what is known of who has it. */
struct rights {
    json_t *policy;     /* owned; as role_policy() says it */
    json_t *bucket;     /* owned; of "approve": the statement for the bucket's policy; or NULL */
    json_t *beyond;     /* owned; what the deployer policy of the bootstrap stack does not give */
    json_t *missing;    /* owned; what the caller does not have, or NULL: IAM did not say */
    json_t *unsure;     /* owned; what conditions decide that only AWS knows, or NULL */
    char *deployer_arn; /* owned; of that policy; NULL: there is no bootstrap stack, or no AWS */
    bool is_guessed;    /* the bootstrap stack's names are not known */
    char why[480];      /* why IAM did not say */
};
void rights_done(struct rights *rights);

/* Computes them for plans of `kind` ("deploy", …). `identity` as the operation says it, or NULL:
 * then nothing is asked of AWS. Errors: those of here_template(), ERR_MISSING (no account). */
MUST_CHECK enum err_code rights_here(struct cli *cli, const json_t *flags, const char *kind,
                                     const json_t *identity, struct rights *out, struct err *err);
