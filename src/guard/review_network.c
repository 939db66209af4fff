/* guard/review_network.c: whom a security group lets in. */
#include "guard/review.h"

#include "base/json.h"

#include <string.h>

/* No network of one's own is wider than 10.0.0.0/8, or than fc00::/7 of IPv6. */
enum { WORLD_BITS = 8 };

bool review_is_world(struct str block) {
    ptrdiff_t slash = str_find(block, STR("/"));
    int64_t bits = 0;
    struct err unread = {0};

    if (slash < 0 || str_starts(block, STR("fc")) || str_starts(block, STR("fd"))) {
        return false;
    }
    return str_to_i64(str_slice(block, (size_t)slash + 1, block.len), 0, 128, &bits, &unread) ==
               ERR_NONE &&
           bits < WORLD_BITS;
}

/* What cannot be told is everybody. */
static bool is_world(const struct review *review, const json_t *block) {
    CLEANUP(freep) char *text = review_resolve(review, block);

    return block != NULL && (text == NULL || review_is_world(str_from(text)));
}

/* A prefix list of the template, by Ref or by its attribute; one from elsewhere has an owner who
 * says what is in it. */
static bool is_world_list(const struct review *review, const json_t *list) {
    CLEANUP(freep) char *text = review_resolve(review, list);
    struct str name = str_from(text);
    const json_t *resource = NULL;
    size_t i = 0;
    json_t *entry = NULL;

    if (!str_starts(name, STR("${"))) {
        return false;
    }
    ptrdiff_t dot = str_find(name, STR("."));
    name = str_slice(name, 2, dot > 0 ? (size_t)dot : name.len - 1);
    resource = json_object_getn(json_object_get(review->template, "Resources"), name.ptr, name.len);
    json_array_foreach(json_at(resource, "Properties.Entries"), i, entry) {
        if (is_world(review, json_object_get(entry, "Cidr"))) {
            return true;
        }
    }
    return false;
}

static int64_t port_of(const json_t *port) {
    int64_t number = -1;
    struct err unread = {0};

    if (json_is_integer(port)) {
        return json_integer_value(port);
    }
    return str_to_i64(str_from(json_string_value(port)), 0, UINT16_MAX, &number, &unread) ==
                   ERR_NONE
               ? number
               : -1;
}

/* One rule of a security group that lets the world in. */
static void review_ingress(struct review *review, const char *where, const json_t *rule) {
    int64_t from = port_of(json_object_get(rule, "FromPort"));
    int64_t to = port_of(json_object_get(rule, "ToPort"));
    bool is_web = from == to && (from == 80 || from == 443);
    char room[24];
    const char *protocol = template_scalar(json_object_get(rule, "IpProtocol"), room, sizeof room);
    bool is_any = protocol == NULL || strcmp(protocol, "-1") == 0;

    if (!json_is_object(rule) ||
        (json_object_size(rule) == 1 && json_object_get(rule, "Ref") != NULL)) {
        review_unresolved(review, where, rule, "whom it lets in cannot be told");
        return;
    }
    if ((is_world(review, json_object_get(rule, "CidrIp")) ||
         is_world(review, json_object_get(rule, "CidrIpv6")) ||
         is_world_list(review, json_object_get(rule, "SourcePrefixListId"))) &&
        (!is_web || is_any)) {
        review_find(review, REVIEW_OPEN_NETWORK, where, "it lets the whole internet in");
    }
}

void review_network(struct review *review, const char *where, const char *type,
                    const json_t *properties) {
    if (strcmp(type, "AWS::EC2::SecurityGroup") == 0) {
        CLEANUP(freep) char *place = mem_format("%s.Properties.SecurityGroupIngress", where);

        review_branches(review, place, json_object_get(properties, "SecurityGroupIngress"),
                        review_ingress);
    }
    if (strcmp(type, "AWS::EC2::SecurityGroupIngress") == 0) {
        review_ingress(review, where, properties);
    }
}
