/* guard/review_network.c: whom a security group lets in. */
#include "guard/review.h"

#include "base/json.h"

#include <string.h>

/* A block of addresses: the whole internet, or half of it; what cannot be told is the whole. */
static bool is_world(const struct review *review, const json_t *block) {
    CLEANUP(freep) char *text = review_resolve(review, block);
    const char *slash = text == NULL ? NULL : strrchr(text, '/');

    if (block == NULL) {
        return false;
    }
    return text == NULL ||
           (slash != NULL && (strcmp(slash, "/0") == 0 || strcmp(slash, "/1") == 0));
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
    const char *protocol = json_str_or(rule, "IpProtocol", "tcp");

    if (!json_is_object(rule) ||
        (json_object_size(rule) == 1 && json_object_get(rule, "Ref") != NULL)) {
        review_unresolved(review, where, rule, "whom it lets in cannot be told");
        return;
    }
    if ((is_world(review, json_object_get(rule, "CidrIp")) ||
         is_world(review, json_object_get(rule, "CidrIpv6"))) &&
        (!is_web || strcmp(protocol, "-1") == 0)) {
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
