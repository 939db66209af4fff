/* repo/nginx.h: what a configuration of nginx says about prefixes. A hint: never run, little
 * trusted. */
#pragma once

#include "repo/survey_room.h"

struct nginx_rewrite {
    const char *where;
};

/* Whether some nginx file of the repository takes `prefix` off before it calls another server:
 * `location /api/ { proxy_pass http://api:5000/; }`, or a rewrite that drops it. */
bool nginx_find_rewrite(struct room *room, const char *prefix, struct nginx_rewrite *out);
