/* guard/review_web.c: what stands between the web and an application: which pages may ask, what a
 * web ACL stops, listeners without TLS, and connections to databases. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/walk.h"

#include <string.h>

/* ---- pages of other origins ---- */

/* Where a type says which pages a browser lets ask, and whether it sends along who is signed in. */
static const struct cors_row {
    const char *type;
    const char *path;
    const char *credentials;
    const char *origins;
} cors_rows[] = {
    {"AWS::ApiGatewayV2::Api", "CorsConfiguration", "AllowCredentials", "AllowOrigins"},
    {"AWS::ApiGatewayV2::Api", "Body.x-amazon-apigateway-cors", "allowCredentials", "allowOrigins"},
    {"AWS::Lambda::Url", "Cors", "AllowCredentials", "AllowOrigins"},
    {"AWS::Serverless::Function", "FunctionUrlConfig.Cors", "AllowCredentials", "AllowOrigins"},
    {"AWS::Serverless::HttpApi", "CorsConfiguration", "AllowCredentials", "AllowOrigins"},
    {"AWS::Serverless::HttpApi", "DefinitionBody.x-amazon-apigateway-cors", "allowCredentials",
     "allowOrigins"},
    {"AWS::Serverless::Api", "Cors", "AllowCredentials", "AllowOrigin"},
    {"AWS::CloudFront::ResponseHeadersPolicy", "ResponseHeadersPolicyConfig.CorsConfig",
     "AccessControlAllowCredentials", "AccessControlAllowOrigins.Items"},
};

static struct str without(struct str text, struct str start) {
    return str_starts(text, start) ? str_slice(text, start.len, text.len) : text;
}

/* A star alone or behind a scheme, or of a whole top-level domain (*.com); and "null", which a page
 * in a frame without an origin says. Between the quotes that API Gateway asks for. */
static bool is_every_origin(struct str origin) {
    if (origin.len >= 2 && origin.ptr[0] == '\'') {
        origin = str_slice(origin, 1, origin.len - 1);
    }
    origin = without(without(origin, STR("https://")), STR("http://"));
    struct str host = without(origin, STR("*."));
    bool is_top = host.len < origin.len && str_find(host, STR(".")) < 0;
    return review_is_blank(origin) || is_top || str_eq(origin, STR("null"));
}

/* Whether a list of origins has one that is everybody's; what cannot be told is said. */
static bool is_wide(struct review *review, const char *where, const json_t *origins) {
    const json_t *branches = json_object_get(origins, "Fn::If");
    bool is_one_wide = false;
    size_t i = 0;
    json_t *item = NULL;

    if (origins == NULL || review_is_no_value(origins)) {
        return false;
    }
    if (json_is_array(branches)) {
        return is_wide(review, where, json_array_get(branches, 1)) ||
               is_wide(review, where, json_array_get(branches, 2));
    }
    if (json_is_array(origins)) {
        json_array_foreach(origins, i, item) {
            is_one_wide = is_wide(review, where, item) || is_one_wide;
        }
        return is_one_wide;
    }
    CLEANUP(freep) char *text = review_resolve(review, origins);
    if (text == NULL) {
        review_unresolved(review, where, origins, "which pages may ask cannot be told");
    }
    return text != NULL && is_every_origin(str_from(text));
}

static bool may_be_true(const json_t *value) {
    bool is_quoted = json_is_string(value) && strcmp(json_string_value(value), "'false'") == 0;

    return value != NULL && !review_is_no_value(value) && !review_is_false(value) && !is_quoted;
}

static void find_credentials(struct review *review, const char *where, const json_t *credentials,
                             const json_t *origins) {
    if (may_be_true(credentials) && is_wide(review, where, origins)) {
        review_find(review, REVIEW_CORS_CREDENTIALS, where,
                    "every page may ask in the name of whoever is signed in");
    }
}

static void cors_at(struct review *review, const char *where, const struct cors_row *row,
                    const json_t *cors) {
    const json_t *branches = json_object_get(cors, "Fn::If");

    if (json_is_array(branches)) {
        cors_at(review, where, row, json_array_get(branches, 1));
        cors_at(review, where, row, json_array_get(branches, 2));
        return;
    }
    find_credentials(review, where, json_at(cors, row->credentials), json_at(cors, row->origins));
}

/* The headers that an API answers by itself. */
static void cors_headers(struct review *review, const char *where, const json_t *parameters,
                         const char *prefix) {
    CLEANUP(freep)
    char *origin = mem_format("%s.header.Access-Control-Allow-Origin", prefix);
    CLEANUP(freep)
    char *credentials = mem_format("%s.header.Access-Control-Allow-Credentials", prefix);

    find_credentials(review, where, json_object_get(parameters, credentials),
                     json_object_get(parameters, origin));
}

static bool is_reading(const char *text, void *with) {
    (void)with;
    return strcmp(text, "GET") == 0 || strcmp(text, "HEAD") == 0;
}

static void cors_rule(struct review *review, const char *where, const json_t *rule) {
    const json_t *methods = json_object_get(rule, "AllowedMethods");

    if (is_wide(review, where, json_object_get(rule, "AllowedOrigins")) && methods != NULL &&
        !review_texts(review, methods, is_reading, NULL)) {
        review_find(review, REVIEW_CORS_WRITE, where,
                    "pages of every origin may write or delete, with a signed address");
    }
}

static void review_cors(struct review *review, const char *where, const char *type,
                        const json_t *properties) {
    size_t i = 0;
    json_t *item = NULL;

    for (size_t k = 0; k < ARRAY_N(cors_rows); k++) {
        CLEANUP(freep) char *place = mem_format("%s.Properties.%s", where, cors_rows[k].path);

        if (strcmp(type, cors_rows[k].type) == 0) {
            cors_at(review, place, &cors_rows[k], json_at(properties, cors_rows[k].path));
        }
    }
    if (strcmp(type, "AWS::S3::Bucket") == 0) {
        CLEANUP(freep) char *place = mem_format("%s.Properties.CorsConfiguration", where);

        review_branches(review, place, json_at(properties, "CorsConfiguration.CorsRules"),
                        cors_rule);
    }
    if (strcmp(type, "AWS::ApiGateway::Method") == 0) {
        json_array_foreach(json_at(properties, "Integration.IntegrationResponses"), i, item) {
            cors_headers(review, where, json_object_get(item, "ResponseParameters"),
                         "method.response");
        }
    }
    if (strcmp(type, "AWS::ApiGateway::GatewayResponse") == 0) {
        cors_headers(review, where, json_object_get(properties, "ResponseParameters"),
                     "gatewayresponse");
    }
}

/* ---- web ACLs ---- */

/* Whether a value is the attribute of, or a reference to, this resource. */
static bool names_resource(const struct review *review, const json_t *value, const char *name) {
    CLEANUP(freep) char *text = review_resolve(review, value);
    CLEANUP(freep) char *ref = mem_format("${%s}", name);
    CLEANUP(freep) char *attribute = mem_format("${%s.", name);

    return text != NULL && (strcmp(text, ref) == 0 || strstr(text, attribute) != NULL);
}

static bool stops_requests(const json_t *rule) {
    return json_at(rule, "Action.Block") != NULL || json_at(rule, "Action.Captcha") != NULL ||
           json_at(rule, "Action.Challenge") != NULL ||
           json_at(rule, "OverrideAction.None") != NULL;
}

static void review_acl(struct review *review, const char *where, const char *name,
                       const json_t *properties) {
    const json_t *rules = json_object_get(properties, "Rules");
    bool stops = json_at(properties, "DefaultAction.Block") != NULL;
    bool is_logged = false;
    const char *other = NULL;
    size_t i = 0;
    json_t *item = NULL;

    json_array_foreach(rules, i, item) { stops = stops || stops_requests(item); }
    if (rules != NULL && !json_is_array(rules) && !review_is_no_value(rules)) {
        review_unresolved(review, where, rules, "what it stops cannot be told");
    } else if (!stops) {
        review_find(review, REVIEW_IDLE_FIREWALL, where,
                    "it lets everything through: no rule of it stops a request");
    }
    json_object_foreach(walk(json_object_get(review->template, "Resources")), other, item) {
        is_logged =
            is_logged ||
            (strcmp(json_str_or(item, "Type", ""), "AWS::WAFv2::LoggingConfiguration") == 0 &&
             names_resource(review, json_at(item, "Properties.ResourceArn"), name));
    }
    if (!is_logged) {
        review_find(review, REVIEW_UNLOGGED, where, "what it stops is written nowhere");
    }
}

/* What answers the internet and can have a web ACL; its property that says that it does not answer
 * the internet, and how. */
static const struct {
    const char *type;
    const char *path;
    const char *closed;
} firewall_rows[] = {
    {"AWS::ElasticLoadBalancingV2::LoadBalancer", "Scheme", "internal"},
    {"AWS::AppSync::GraphQLApi", "Visibility", "PRIVATE"},
};

static bool has_acl(const struct review *review, const char *name) {
    const char *other = NULL;
    json_t *item = NULL;

    json_object_foreach(walk(json_object_get(review->template, "Resources")), other, item) {
        if (strcmp(json_str_or(item, "Type", ""), "AWS::WAFv2::WebACLAssociation") == 0 &&
            names_resource(review, json_at(item, "Properties.ResourceArn"), name)) {
            return true;
        }
    }
    return false;
}

static void review_firewall(struct review *review, const char *where, const char *name,
                            const char *type, const json_t *properties) {
    const char *kind = json_str_or(properties, "Type", "application"); /* of a load balancer */
    bool is_open = false;

    for (size_t i = 0; i < ARRAY_N(firewall_rows); i++) {
        char room[24];
        const json_t *said = json_at(properties, firewall_rows[i].path);
        struct str word = str_from(template_scalar(said, room, sizeof room));

        is_open = is_open || (strcmp(type, firewall_rows[i].type) == 0 &&
                              !str_eq(word, str_from(firewall_rows[i].closed)));
    }
    if (is_open && strcmp(kind, "application") == 0 && !has_acl(review, name)) {
        review_find(review, REVIEW_UNFILTERED, where,
                    "it answers the internet, and no web ACL stands in front of it");
    }
    if (is_open && strcmp(type, "AWS::ElasticLoadBalancingV2::LoadBalancer") == 0 &&
        strcmp(kind, "gateway") != 0 &&
        !review_has_pair(json_object_get(properties, "LoadBalancerAttributes"),
                         STR("access_logs.s3.enabled=true"))) {
        review_find(review, REVIEW_UNLOGGED, where, "who asked it for what is written nowhere");
    }
}

/* ---- listeners ---- */

static bool is_plain_listener(const struct review *review, const json_t *listener) {
    const char *name = NULL;
    json_t *resource = NULL;

    json_object_foreach(walk(json_object_get(review->template, "Resources")), name, resource) {
        if (strcmp(json_str_or(resource, "Type", ""), "AWS::ElasticLoadBalancingV2::Listener") ==
                0 &&
            strcmp(json_str_or(json_object_get(resource, "Properties"), "Protocol", ""), "HTTP") ==
                0 &&
            names_resource(review, listener, name)) {
            return true;
        }
    }
    return false;
}

/* A rule in front of a redirect: what it forwards is never redirected. */
static void review_listener_rule(struct review *review, const char *where,
                                 const json_t *properties) {
    bool serves = false;
    size_t i = 0;
    json_t *action = NULL;

    json_array_foreach(json_object_get(properties, "Actions"), i, action) {
        serves = serves || (strcmp(json_str_or(action, "Type", ""), "redirect") == 0
                                ? strcmp(json_str_or(json_object_get(action, "RedirectConfig"),
                                                     "Protocol", "#{protocol}"),
                                         "HTTPS") != 0
                                : strcmp(json_str_or(action, "Type", ""), "fixed-response") != 0);
    }
    if (serves && is_plain_listener(review, json_object_get(properties, "ListenerArn"))) {
        CLEANUP(freep) char *place = mem_format("%s.Properties.Actions", where);

        review_find(review, REVIEW_PLAIN_HTTP, place, "what its rule forwards comes without TLS");
    }
}

/* ---- connections to databases ---- */

/* Parameters by which a database takes connections without TLS. Source: the guides of RDS
 * (PostgreSQL, MySQL and MariaDB, SQL Server), DocumentDB and Redshift. */
static const struct {
    const char *type;
    const char *name;
    const char *off;    /* blank-separated */
    const char *family; /* in which it is off where nothing is said; NULL: in none that is new */
} connection_rows[] = {
    {"AWS::RDS::DBParameterGroup", "rds.force_ssl", "0", NULL},
    {"AWS::RDS::DBClusterParameterGroup", "rds.force_ssl", "0", NULL},
    {"AWS::RDS::DBParameterGroup", "require_secure_transport", "0 OFF off", NULL},
    {"AWS::RDS::DBClusterParameterGroup", "require_secure_transport", "0 OFF off", NULL},
    {"AWS::DocDB::DBClusterParameterGroup", "tls", "disabled", NULL},
    {"AWS::Redshift::ClusterParameterGroup", "require_ssl", "false", "redshift-1.0"},
};

/* By its name in an object, or in a list of pairs. */
static const json_t *parameter_of(const json_t *parameters, const char *name) {
    size_t i = 0;
    json_t *pair = NULL;

    json_array_foreach(parameters, i, pair) {
        if (strcmp(json_str_or(pair, "ParameterName", ""), name) == 0) {
            return json_object_get(pair, "ParameterValue");
        }
    }
    return json_object_get(parameters, name);
}

static void review_connections(struct review *review, const char *where, const char *type,
                               const json_t *properties) {
    const json_t *parameters = json_object_get(properties, "Parameters");

    for (size_t i = 0; i < ARRAY_N(connection_rows); i++) {
        char room[24];
        struct str rest = str_from(connection_rows[i].off);
        struct str off = {0};

        if (strcmp(type, connection_rows[i].type) != 0) {
            continue;
        }
        const json_t *said = parameter_of(parameters, connection_rows[i].name);
        bool is_off = said == NULL && connection_rows[i].family != NULL &&
                      strcmp(json_str_or(properties, "ParameterGroupFamily", ""),
                             connection_rows[i].family) == 0;
        struct str value = str_from(template_scalar(said, room, sizeof room));
        while (value.len > 0 && rest.len > 0 && str_next(&rest, ' ', &off)) {
            is_off = is_off || str_eq(value, off);
        }
        if (is_off) {
            CLEANUP(freep)
            char *place = mem_format("%s.Properties.Parameters.%s", where, connection_rows[i].name);

            review_find(review, REVIEW_PLAIN_LINK, place, "it takes connections in clear text");
        }
    }
}

void review_web(struct review *review, const char *where, const char *name, const char *type,
                const json_t *properties) {
    review_cors(review, where, type, properties);
    review_connections(review, where, type, properties);
    review_firewall(review, where, name, type, properties);
    if (strcmp(type, "AWS::WAFv2::WebACL") == 0) {
        review_acl(review, where, name, properties);
    }
    if (strcmp(type, "AWS::ElasticLoadBalancingV2::ListenerRule") == 0) {
        review_listener_rule(review, where, properties);
    }
}
