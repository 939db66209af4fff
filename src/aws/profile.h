/* aws/profile.h: what an endpoint that is not AWS's own needs differently, one const row each.
 *
 * A row is read in exactly three places: template emission (aws/template), packaging (bundle) and
 * the client of the data plane (the probe). Nothing else may ask which endpoint it is.
 */
#pragma once

#include "base/str.h"

struct endpoint_profile {
    const char *name; /* the word of the setting and of the screen */

    /* Template emission. */
    bool drops_tls_only; /* statements that deny plain HTTP: the local AWS speaks nothing else */
    bool has_local_api;  /* CloudFront reaches the HTTP API at localhost, at the endpoint's port */
    bool widens_ssm;     /* GetParametersByPath is judged against "*", whatever the path */

    /* Packaging. */
    bool is_host_packaged; /* wheels for this machine: functions run in the endpoint's process */
    const char *python;    /* the minor that runs functions, "3.11"; NULL: the declared one */

    /* Data plane. */
    bool is_plane_local;         /* connect to the endpoint's host and port, plain HTTP, any Host */
    const char *forwarded_proto; /* the value of X-Forwarded-Proto; NULL: the header is not sent */
};

/* The row called `name`: "aws", "ministack", "moto", "fake". NULL and "" give "aws".
 * NULL when there is no such row. */
const struct endpoint_profile *endpoint_profile_find(const char *name);

/* All rows, "aws" first; `*out_n` gets their number. For tables and tests. */
const struct endpoint_profile *endpoint_profiles(size_t *out_n);

/* Reads the port of an endpoint such as "http://127.0.0.1:4566"; without one it is the scheme's.
 * Errors: ERR_CONFIG. */
MUST_CHECK enum err_code endpoint_port(struct str url, int *out_port, struct err *err);
