/* The endpoints that differ from AWS. */
#include "aws/profile.h"

#include <string.h>

/* clang-format off */
static const struct endpoint_profile rows[] = {
    {.name = "aws"},
    {.name = "ministack",
     .drops_tls_only = true, .has_local_api = true, .widens_ssm = true,
     .is_host_packaged = true, .python = "3.11", /* set-up builds it with Debian's interpreter */
     .is_plane_local = true, .forwarded_proto = "https"},
    {.name = "moto"}, /* judges signatures and permissions only: nothing is served from it */
    {.name = "fake", .is_plane_local = true, .forwarded_proto = "https"},
};
/* clang-format on */

const struct endpoint_profile *endpoint_profiles(size_t *out_n) {
    *out_n = ARRAY_N(rows);
    return rows;
}

const struct endpoint_profile *endpoint_profile_find(const char *name) {
    if (name == NULL || name[0] == '\0') {
        return &rows[0];
    }
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

enum err_code endpoint_port(struct str url, int *out_port, struct err *err) {
    struct str rest = url;
    struct str authority = {0};
    struct str digits = {0};
    int64_t port = 0;

    if (str_starts(url, STR("http://"))) {
        rest = str_slice(url, 7, url.len);
        port = 80;
    } else if (str_starts(url, STR("https://"))) {
        rest = str_slice(url, 8, url.len);
        port = 443;
    }
    if (port != 0 && str_next(&rest, '/', &authority) && authority.len > 0) {
        size_t colon = authority.len;

        /* From the end, for an address such as [::1]:4566; "]" ends the search. */
        while (colon > 0 && authority.ptr[colon - 1] != ':' && authority.ptr[colon - 1] != ']') {
            colon--;
        }
        digits = str_slice(authority, colon, authority.len);
        if (colon == 0 || authority.ptr[colon - 1] == ']' ||
            str_to_i64(digits, 1, 65535, &port, err) == ERR_NONE) {
            *out_port = (int)port;
            return ERR_NONE;
        }
    }
    err_set(err, ERR_CONFIG, "the endpoint " STR_FMT " is not a URL with a valid port",
            STR_ARG(url));
    return err_remedy(err, "write it as http://127.0.0.1:4566");
}
