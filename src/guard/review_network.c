/* guard/review_network.c: from which addresses one may come. */
#include "guard/review.h"

#include "base/json.h"

#include <string.h>

/* No network of one's own is wider than 10.0.0.0/8, or than fc00::/7 of IPv6. */
enum { WORLD_BITS = 8, WORLD_BITS_LOCAL = 7 };

/* The bits of a block of addresses, or of one address; -1 where it is none. */
static int64_t bits_of(struct str block) {
    static const char signs[] = "0123456789abcdefABCDEF.:";
    ptrdiff_t slash = str_find(block, STR("/"));
    struct str address = slash < 0 ? block : str_slice(block, 0, (size_t)slash);
    int64_t bits = 128;
    struct err unread = {0};

    for (size_t i = 0; i < address.len; i++) {
        if (strchr(signs, address.ptr[i]) == NULL) {
            return -1;
        }
    }
    return slash < 0 || str_to_i64(str_slice(block, (size_t)slash + 1, block.len), 0, 128, &bits,
                                   &unread) == ERR_NONE
               ? bits
               : -1;
}

bool review_is_world(struct str block) {
    bool is_local = str_starts_nocase(block, STR("fc")) || str_starts_nocase(block, STR("fd"));
    int64_t bits = bits_of(block);

    return bits >= 0 && bits < (is_local ? WORLD_BITS_LOCAL : WORLD_BITS);
}

bool review_may_be_world(struct str block) {
    ptrdiff_t open = str_find(block, STR("${"));
    ptrdiff_t slash = str_find(block, STR("/"));

    if (open >= 0 && slash < 0) {
        return false; /* what a resource of the template has is its own */
    }
    if (open >= 0) { /* its address, with other bits */
        block = str_slice(block, (size_t)slash, block.len);
    }
    return bits_of(block) < 0 || review_is_world(block);
}

/* What cannot be told is everybody. */
static bool is_world(const struct review *review, const json_t *block) {
    const json_t *branches = json_object_get(block, "Fn::If");

    if (json_is_array(branches)) {
        return is_world(review, json_array_get(branches, 1)) ||
               is_world(review, json_array_get(branches, 2));
    }
    CLEANUP(freep) char *text = review_resolve(review, block);

    return block != NULL && !review_is_no_value(block) &&
           (text == NULL || review_may_be_world(str_from(text)));
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

/* A rule about one of the two ports of the web, and no other. */
static bool is_web(const json_t *rule) {
    int64_t from = port_of(json_object_get(rule, "FromPort"));

    return from == port_of(json_object_get(rule, "ToPort")) && (from == 80 || from == 443);
}

/* Which ports, for a person; the caller frees. */
static char *ports_word(bool is_any, int64_t from, int64_t to) {
    if (is_any || from < 0 || to < 0) {
        return mem_format("every port");
    }
    return from == to ? mem_format("port %lld", (long long)from)
                      : mem_format("ports %lld to %lld", (long long)from, (long long)to);
}

/* One rule of a security group that lets the world in. */
static void review_ingress(struct review *review, const char *where, const json_t *rule) {
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
        (!is_web(rule) || is_any)) {
        CLEANUP(freep)
        char *ports = ports_word(is_any, port_of(json_object_get(rule, "FromPort")),
                                 port_of(json_object_get(rule, "ToPort")));

        review_find(review, REVIEW_OPEN_NETWORK, where, "it lets the whole internet in, to %s",
                    ports);
    }
}

/* How many of the 2^32 networks of an internet a block of addresses is that is nobody's own; 0
 * where it is none, and where it is so wide that review_ingress() finds it by itself. */
static uint64_t breadth_of(const struct review *review, const json_t *block) {
    static const char *const own[] = {"10.", "192.168.", "172.", "100.", "127.", "fc", "fd", "fe"};
    CLEANUP(freep) char *text = block == NULL ? NULL : review_resolve(review, block);
    struct str name = str_from(text);
    int64_t bits = text == NULL ? -1 : bits_of(name);

    for (size_t i = 0; i < ARRAY_N(own); i++) {
        if (str_starts_nocase(name, str_from(own[i]))) {
            return 0;
        }
    }
    return bits < WORLD_BITS || bits > 32 ? 0 : UINT64_C(1) << (32 - bits);
}

/* Blocks of which each may be a network of one's own, and that together are none. */
static void review_ingress_sum(struct review *review, const char *where, const json_t *rules) {
    const uint64_t most = UINT64_C(2) << (32 - WORLD_BITS);
    uint64_t sum = 0;
    size_t i = 0;
    json_t *rule = NULL;

    json_array_foreach(rules, i, rule) {
        if (!is_web(rule)) {
            sum += breadth_of(review, json_object_get(rule, "CidrIp")) +
                   breadth_of(review, json_object_get(rule, "CidrIpv6"));
        }
    }
    if (sum > most) {
        review_find(review, REVIEW_OPEN_NETWORK, where,
                    "its blocks together let a large part of the internet in");
    }
}

/* A network ACL is behind no other wall than the groups: it may be open for the web and for
 * answers, which come to the upper ports, but not for everything, nor for remote control. */
static void review_acl_entry(struct review *review, const char *where, const json_t *properties) {
    enum { SSH = 22, RDP = 3389, UPPER = 1024 };
    char room[24];
    const char *protocol =
        template_scalar(json_object_get(properties, "Protocol"), room, sizeof room);
    const json_t *range = json_object_get(properties, "PortRange");
    int64_t from = port_of(json_object_get(range, "From"));
    int64_t to = port_of(json_object_get(range, "To"));
    bool is_all = protocol == NULL || strcmp(protocol, "-1") == 0;
    bool is_remote = (from <= SSH && SSH <= to) || (from > UPPER && from <= RDP && RDP <= to);

    if (strcmp(json_str_or(properties, "RuleAction", ""), "deny") != 0 &&
        !review_is_true(json_object_get(properties, "Egress")) &&
        (is_world(review, json_object_get(properties, "CidrBlock")) ||
         is_world(review, json_object_get(properties, "Ipv6CidrBlock"))) &&
        (is_all || is_remote)) {
        CLEANUP(freep) char *ports = ports_word(is_all, from, to);

        review_find(review, REVIEW_OPEN_ACL, where, "it lets the whole internet in, to %s", ports);
    }
}

/* Other properties that say from which addresses one may come: a list, or a member of each of its
 * elements. */
static const struct {
    const char *type;
    const char *list;   /* "": the properties themselves */
    const char *member; /* "": the elements themselves */
} block_rows[] = {
    {"AWS::EKS::Cluster", "ResourcesVpcConfig.PublicAccessCidrs", ""},
    {"AWS::RDS::DBSecurityGroup", "DBSecurityGroupIngress", "CIDRIP"},
    {"AWS::RDS::DBSecurityGroupIngress", "", "CIDRIP"},
    {"AWS::Redshift::ClusterSecurityGroupIngress", "", "CIDRIP"},
    {"AWS::CodePipeline::Webhook", "", "AuthenticationConfiguration.AllowedIPRange"},
};

static void review_block(struct review *review, const char *where, const json_t *block) {
    if (is_world(review, block)) {
        review_find(review, REVIEW_OPEN_NETWORK, where, "it lets the whole internet in");
    }
}

static void review_blocks(struct review *review, const char *where, const char *type,
                          const json_t *properties) {
    for (size_t i = 0; i < ARRAY_N(block_rows); i++) {
        const char *list = block_rows[i].list;
        const char *member = block_rows[i].member;
        const json_t *value = *list == '\0' ? properties : json_at(properties, list);
        size_t k = 0;
        json_t *item = NULL;

        if (strcmp(type, block_rows[i].type) != 0) {
            continue;
        }
        CLEANUP(freep)
        char *place = mem_format("%s.Properties.%s", where, *list == '\0' ? member : list);
        if (*member == '\0' || !json_is_array(value)) {
            review_branches(review, place, *member == '\0' ? value : json_at(value, member),
                            review_block);
            continue;
        }
        json_array_foreach(value, k, item) {
            review_branches(review, place, json_at(item, member), review_block);
        }
    }
}

/* A firewall of Lightsail: a rule without an address lets everybody in. */
static void review_ports(struct review *review, const char *where, const json_t *port) {
    const json_t *blocks = json_object_get(port, "Cidrs");
    bool is_open = blocks == NULL && json_object_get(port, "Ipv6Cidrs") == NULL &&
                   json_object_get(port, "CidrListAliases") == NULL;
    size_t i = 0;
    json_t *block = NULL;

    json_array_foreach(blocks, i, block) { is_open = is_open || is_world(review, block); }
    json_array_foreach(json_object_get(port, "Ipv6Cidrs"), i, block) {
        is_open = is_open || is_world(review, block);
    }
    if (is_open && !is_web(port)) {
        review_find(review, REVIEW_OPEN_NETWORK, where, "it lets the whole internet in");
    }
}

void review_network(struct review *review, const char *where, const char *type,
                    const json_t *properties) {
    review_blocks(review, where, type, properties);
    if (strcmp(type, "AWS::Lightsail::Instance") == 0) {
        CLEANUP(freep) char *place = mem_format("%s.Properties.Networking.Ports", where);

        review_branches(review, place, json_at(properties, "Networking.Ports"), review_ports);
    }
    if (strcmp(type, "AWS::EC2::SecurityGroup") == 0) {
        CLEANUP(freep) char *place = mem_format("%s.Properties.SecurityGroupIngress", where);

        review_branches(review, place, json_object_get(properties, "SecurityGroupIngress"),
                        review_ingress);
        review_ingress_sum(review, place, json_object_get(properties, "SecurityGroupIngress"));
    }
    if (strcmp(type, "AWS::EC2::NetworkAclEntry") == 0) {
        review_acl_entry(review, where, properties);
    }
    if (strcmp(type, "AWS::EC2::SecurityGroupIngress") == 0) {
        review_ingress(review, where, properties);
    }
}
