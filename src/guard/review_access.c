/* guard/review_access.c: who gets access in a service's own way, without a policy of IAM. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/walk.h"

#include <ctype.h>
#include <string.h>

/* ---- clusters: AWS::EKS::AccessEntry ---- */

/* How much a policy of EKS lets its bearer do. Source: Amazon EKS User Guide, "Review access policy
 * permissions". */
static const struct {
    const char *name;
    bool is_admin; /* may give rights, or all of a namespace */
} cluster_policies[] = {
    {"AmazonEKSClusterAdminPolicy", true}, {"AmazonEKSAdminPolicy", true},
    {"AmazonEKSViewPolicy", false},        {"AmazonEKSAutoNodePolicy", false},
    {"AmazonEKSHybridPolicy", false},
};

static void review_cluster_policy(struct review *review, const char *where,
                                  const json_t *association) {
    CLEANUP(freep) char *arn = review_resolve(review, json_object_get(association, "PolicyArn"));
    CLEANUP(freep)
    char *scope = review_resolve(review, json_at(association, "AccessScope.Type"));
    const char *name = arn == NULL ? NULL : strrchr(arn, '/');
    bool is_namespace = scope != NULL && strcmp(scope, "namespace") == 0;

    if (name == NULL || scope == NULL) {
        review_unresolved(review, where, association,
                          "what it may do in the cluster cannot be told");
        return;
    }
    for (size_t i = 0; i < ARRAY_N(cluster_policies); i++) {
        if (strcmp(name + 1, cluster_policies[i].name) != 0) {
            continue;
        }
        if (cluster_policies[i].is_admin && !is_namespace) {
            review_find(review, REVIEW_ACCESS_WIDE, where,
                        "%s over the whole cluster is all that there is in it", name + 1);
        } else if (cluster_policies[i].is_admin) {
            review_find(review, REVIEW_ACCESS_GIVEN, where, "%s is all of its namespaces",
                        name + 1);
        }
        return;
    }
    review_find(review, REVIEW_ACCESS_GIVEN, where,
                "%s reads secrets, changes what runs, or is not known", name + 1);
}

static bool check_cluster_group(const char *text, void *with) {
    const struct review_at *at = with;

    if (strcmp(text, "system:masters") == 0) {
        review_find(at->review, REVIEW_ACCESS_WIDE, at->where,
                    "system:masters is all that there is in the cluster");
    } else {
        review_find(at->review, REVIEW_ACCESS_GIVEN, at->where,
                    "what the group %s may do stands in the cluster alone", text);
    }
    return true;
}

static void review_cluster_entry(struct review *review, const char *where,
                                 const json_t *properties) {
    CLEANUP(freep) char *policies = mem_format("%s.Properties.AccessPolicies", where);
    CLEANUP(freep) char *groups = mem_format("%s.Properties.KubernetesGroups", where);
    const json_t *named = json_object_get(properties, "KubernetesGroups");
    struct review_at at = {review, groups};

    review_branches(review, policies, json_object_get(properties, "AccessPolicies"),
                    review_cluster_policy);
    if (named != NULL && !review_texts(review, named, check_cluster_group, &at)) {
        review_unresolved(review, groups, named, "what it may do in the cluster cannot be told");
    }
}

/* ---- collections: AWS::OpenSearchServerless::AccessPolicy, ::SecurityPolicy ---- */

/* "collection/" and "index/" before nothing but wildcards: all there are. */
static bool is_every_collection(const char *resource) {
    const char *slash = strchr(resource, '/');

    return slash == NULL || review_is_blank(str_from(slash));
}

static bool check_permission(const char *text, void *with) {
    const struct review_at *at = with;

    if (strpbrk(text, "*?") != NULL) {
        review_find(at->review, REVIEW_WILDCARD_ACTION, at->where, "it allows %s", text);
    }
    return true;
}

static bool check_collection(const char *text, void *with) {
    const struct review_at *at = with;

    if (is_every_collection(text)) {
        review_find(at->review, REVIEW_WILDCARD_KIND, at->where,
                    "it is about every collection or index (%s)", text);
    }
    return true;
}

static bool check_reader(const char *text, void *with) {
    const struct review_at *at = with;
    struct str arn = str_from(text);

    /* the root of an account stands for all of its identities, here as elsewhere */
    if (review_is_blank(arn) || (str_starts(arn, STR("arn:")) && strchr(text, '*') != NULL)) {
        review_find(at->review, REVIEW_PUBLIC_ACCESS, at->where, "it lets everybody in (%s)", text);
    } else if (str_ends(arn, STR(":root"))) {
        review_find(at->review, REVIEW_ACCESS_GIVEN, at->where,
                    "it lets every identity of an account in");
    }
    return true;
}

static void review_each(struct review *review, const char *where, const json_t *value,
                        bool (*each)(const char *text, void *with)) {
    struct review_at at = {review, where};

    if (value == NULL || !review_texts(review, value, each, &at)) {
        review_unresolved(review, where, value, "whom it lets in, and to what, cannot be told");
    }
}

static void review_collection_rule(struct review *review, const char *where, const json_t *rule) {
    CLEANUP(freep) char *permission = mem_format("%s.Permission", where);
    CLEANUP(freep) char *resource = mem_format("%s.Resource", where);

    review_each(review, permission, json_object_get(rule, "Permission"), check_permission);
    review_each(review, resource, json_object_get(rule, "Resource"), check_collection);
}

static void review_collection_grant(struct review *review, const char *where, const json_t *grant) {
    CLEANUP(freep) char *who = mem_format("%s.Principal", where);
    CLEANUP(freep) char *rules = mem_format("%s.Rules", where);

    review_each(review, who, json_object_get(grant, "Principal"), check_reader);
    review_branches(review, rules, json_object_get(grant, "Rules"), review_collection_rule);
}

static void review_collection_network(struct review *review, const char *where,
                                      const json_t *rule) {
    if (!review_is_false(json_object_get(rule, "AllowFromPublic"))) {
        review_find(review, REVIEW_PUBLIC_STORE, where,
                    "a store of data can be reached from the internet (AllowFromPublic)");
    }
}

static void review_collection(struct review *review, const char *where, const json_t *properties,
                              bool is_access) {
    CLEANUP(freep) char *place = mem_format("%s.Properties.Policy", where);
    const json_t *policy = json_object_get(properties, "Policy");
    CLEANUP(freep) char *kind = review_resolve(review, json_object_get(properties, "Type"));
    CLEANUP(json_decrefp) json_t *document = review_resolve_document(review, policy);

    if (document == NULL || kind == NULL) {
        review_unresolved(review, place, policy, "the policy of a collection cannot be read");
        return;
    }
    if (is_access) {
        review_branches(review, place, document, review_collection_grant);
    } else if (strcmp(kind, "encryption") != 0) {
        review_branches(review, place, document, review_collection_network);
    }
}

static void review_collection_access(struct review *review, const char *where,
                                     const json_t *properties) {
    review_collection(review, where, properties, true);
}

static void review_collection_security(struct review *review, const char *where,
                                       const json_t *properties) {
    review_collection(review, where, properties, false);
}

/* ---- lakes: AWS::LakeFormation ---- */

static bool check_lake_permission(const char *text, void *with) {
    const struct review_at *at = with;

    if (strcmp(text, "ALL") == 0 || strcmp(text, "SUPER") == 0 || strcmp(text, "SUPER_USER") == 0) {
        review_find(at->review, REVIEW_ACCESS_GIVEN, at->where, "%s is all that one may do with it",
                    text);
    }
    return true;
}

static bool check_lake_principal(const char *text, void *with) {
    const struct review_at *at = with;
    struct str name = str_from(text);

    if (str_eq(name, STR("IAM_ALLOWED_PRINCIPALS")) || str_ends(name, STR(":IAMPrincipals"))) {
        review_find(at->review, REVIEW_ACCESS_GIVEN, at->where,
                    "%s is whoever IAM lets in, and the lake checks nobody", text);
    }
    return true;
}

static void review_lake(struct review *review, const char *where, const json_t *properties) {
    static const char *const holders[] = {"Principal", "DataLakePrincipal"};
    CLEANUP(freep) char *what = mem_format("%s.Properties.Permissions", where);
    CLEANUP(freep) char *further = mem_format("%s.Properties.PermissionsWithGrantOption", where);
    CLEANUP(freep) char *resource = mem_format("%s.Properties.Resource", where);
    const json_t *grants = json_object_get(properties, "PermissionsWithGrantOption");

    for (size_t i = 0; i < ARRAY_N(holders); i++) {
        CLEANUP(freep) char *who = mem_format("%s.Properties.%s", where, holders[i]);
        const json_t *holder = json_object_get(properties, holders[i]);
        if (holder != NULL) {
            review_each(review, who, json_object_get(holder, "DataLakePrincipalIdentifier"),
                        check_lake_principal);
        }
    }
    review_each(review, what, json_object_get(properties, "Permissions"), check_lake_permission);
    if (grants != NULL && !(json_is_array(grants) && json_array_size(grants) == 0)) {
        review_find(review, REVIEW_ACCESS_GIVEN, further, "it may give the same to others");
    }
    if (json_at(properties, "Resource.Table.TableWildcard") != NULL ||
        json_at(properties, "Resource.TableResource.TableWildcard") != NULL) {
        review_find(review, REVIEW_WILDCARD_KIND, resource, "it is about every table");
    }
}

/* ---- shares ---- */

/* {"Effect","Action","Condition"} of a permission of RAM, which has no resource: that is what is
 * shared. */
static void review_share(struct review *review, const char *where, const json_t *properties) {
    CLEANUP(freep) char *place = mem_format("%s.Properties.PolicyTemplate", where);
    const json_t *policy = json_object_get(properties, "PolicyTemplate");
    CLEANUP(json_decrefp) json_t *read = review_document(policy);

    policy = read != NULL ? read : policy;
    review_each(review, place, json_object_get(policy, "Action"), check_permission);
}

static void review_images(struct review *review, const char *where, const json_t *properties) {
    (void)properties;
    review_find(review, REVIEW_ACCESS_GIVEN, where, "everybody may take its images");
}

static void review_cedars(struct review *review, const char *where, const json_t *documents) {
    review_branches(review, where, documents, review_cedar);
}

/* ---- builds: AWS::CodeBuild::Project ---- */

/* A pattern that is like all of a number, so that a longer one of somebody else is not like it:
 * "^123$", "^(123|456)$". */
static bool is_whole_pattern(const json_t *filter) {
    struct str pattern = str_from(json_str_at(filter, "Pattern"));
    bool is_group = str_starts(pattern, STR("^(")) && str_ends(pattern, STR(")$"));
    size_t from = is_group ? 2 : 1;

    if (!str_starts(pattern, STR("^")) || !str_ends(pattern, STR("$")) ||
        review_is_true(json_object_get(filter, "ExcludeMatchedPattern"))) {
        return false;
    }
    for (size_t i = from; i + from < pattern.len; i++) {
        if (!isdigit((unsigned char)pattern.ptr[i]) && !(is_group && pattern.ptr[i] == '|')) {
            return false;
        }
    }
    return pattern.len > from * 2;
}

/* Whether a group of filters takes a pull request of anybody. */
static bool takes_pull_requests(const json_t *group) {
    bool is_about = false;
    bool is_held = false;
    size_t i = 0;
    json_t *filter = NULL;

    json_array_foreach(group, i, filter) {
        const char *type = json_str_or(filter, "Type", "");
        const char *pattern = json_str_or(filter, "Pattern", "PULL_REQUEST_");

        is_about = is_about || (strcmp(type, "EVENT") == 0 &&
                                (strstr(pattern, "PULL_REQUEST_CREATED") != NULL ||
                                 strstr(pattern, "PULL_REQUEST_UPDATED") != NULL ||
                                 strstr(pattern, "PULL_REQUEST_REOPENED") != NULL));
        is_held = is_held || (strcmp(type, "ACTOR_ACCOUNT_ID") == 0 && is_whole_pattern(filter));
    }
    return is_about && !is_held;
}

static void review_build(struct review *review, const char *where, const json_t *properties) {
    const json_t *triggers = json_object_get(properties, "Triggers");
    const json_t *groups = json_object_get(triggers, "FilterGroups");
    const char *comment = json_str_or(json_object_get(triggers, "PullRequestBuildPolicy"),
                                      "RequiresCommentApproval", "");
    bool is_open = groups == NULL || json_is_object(groups); /* every event, or not told */
    size_t i = 0;
    json_t *group = NULL;

    json_array_foreach(groups, i, group) {
        is_open = is_open || json_is_object(group) || takes_pull_requests(group);
    }
    if (review_is_true(json_object_get(triggers, "Webhook")) && is_open &&
        strcmp(comment, "ALL_PULL_REQUESTS") != 0 && strcmp(comment, "FORK_PULL_REQUESTS") != 0) {
        CLEANUP(freep) char *place = mem_format("%s.Properties.Triggers", where);

        review_find(review, REVIEW_OPEN_BUILD, place,
                    "whoever opens a pull request has code of theirs run with the build's rights");
    }
}

/* ---- carriers ---- */

/* clang-format off */
static const struct {
    const char *type;
    const char *member; /* which is read where it is there; NULL: all of the resource */
    void (*review)(struct review *review, const char *where, const json_t *value);
} access_rows[] = {
    {"AWS::ACMPCA::Permission",                     "Principal",                   review_principal_list},
    {"AWS::CodeBuild::Project",                     NULL,                          review_build},
    {"AWS::EC2::VPCEndpointServicePermissions",     "AllowedPrincipals",           review_principal_list},
    {"AWS::EC2::VerifiedAccessEndpoint",            "PolicyDocument",              review_cedars},
    {"AWS::EC2::VerifiedAccessGroup",               "PolicyDocument",              review_cedars},
    {"AWS::VerifiedPermissions::Policy",            "Definition.Static.Statement", review_cedars},
    {"AWS::VerifiedPermissions::PolicyTemplate",    "Statement",                   review_cedars},
    {"AWS::ECR::PublicRepository",                  NULL,                          review_images},
    {"AWS::EKS::AccessEntry",                       NULL,                          review_cluster_entry},
    {"AWS::LakeFormation::Permissions",             NULL,                          review_lake},
    {"AWS::LakeFormation::PrincipalPermissions",    NULL,                          review_lake},
    {"AWS::OpenSearchServerless::AccessPolicy",     NULL,                          review_collection_access},
    {"AWS::OpenSearchServerless::SecurityPolicy",   NULL,                          review_collection_security},
    {"AWS::RAM::Permission",                        NULL,                          review_share},
};
/* clang-format on */

void review_access(struct review *review, const char *where, const char *type,
                   const json_t *properties) {
    for (size_t i = 0; i < ARRAY_N(access_rows); i++) {
        const char *member = access_rows[i].member;

        if (strcmp(type, access_rows[i].type) != 0) {
            continue;
        }
        if (member == NULL) {
            access_rows[i].review(review, where, properties);
        } else if (json_at(properties, member) != NULL) {
            CLEANUP(freep) char *place = mem_format("%s.Properties.%s", where, member);
            access_rows[i].review(review, place, json_at(properties, member));
        }
    }
}
