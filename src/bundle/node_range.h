/* bundle/node_range.h: npm's version ranges, as "engines" and lock files use them. Pure.
 * Source: the grammar of node-semver (npm). Pre-release tags are not looked at. */
#pragma once

#include "base/str.h"

struct node_version {
    int64_t part[3]; /* major, minor, patch */
};

/* Reads "v20.19.0", "20.19.0-rc.1", "20.19" (patch 0). False when it is none. */
bool node_version_read(struct str text, struct node_version *out);

/* Whether `text` is three numbers and nothing else, so that it names one release. */
bool node_version_is_exact(struct str text);

/* Whether `range` ("^20.19 || >=22.12", "18.x", "16 - 20", "~1.2") allows `version`. A range that
 * is NULL, empty or none of npm's ("lts") allows everything: it is no reason to stop. */
bool node_range_allows(const char *range, struct node_version version);
