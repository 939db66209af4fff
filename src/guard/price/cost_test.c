/* Prices, what a template costs, what a change does to it, and the ceiling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guard/price/cost.h"

static json_t *read_json(const char *text) {
    struct err err = {0};
    json_t *json = NULL;

    if (json_read(str_from(text), &json, &err) != ERR_NONE) {
        fail_msg("%s: %s", err.text, text);
    }
    return json;
}

static struct cost_use use_of(const char *said) {
    CLEANUP(json_decrefp) json_t *json = said == NULL ? NULL : read_json(said);
    struct cost_use use = {0};
    struct err err = {0};

    if (cost_use_read(json, &use, &err) != ERR_NONE) {
        fail_msg("%s", err.text);
    }
    return use;
}

static json_t *cost_in(const char *region, const char *resources, const char *said) {
    CLEANUP(freep) char *text = mem_format("{\"Resources\":%s}", resources);
    CLEANUP(json_decrefp) json_t *template = read_json(text);
    struct cost_use use = use_of(said);

    return cost_of_template(template, NULL, region, &use);
}

static json_t *cost_of(const char *resources, const char *said) {
    return cost_in("us-east-1", resources, said);
}

static const json_t *line_of(const json_t *cost, const char *item) {
    return json_row(json_object_get(cost, "lines"), "item", item);
}

#define FUNCTION(properties)                                                                       \
    "{\"F\":{\"Type\":\"AWS::Lambda::Function\",\"Properties\":{" properties "}}}"

/* ---- The table ---- */

static void every_price_has_a_unit_a_source_and_no_surprise(void **state) {
    (void)state;
    for (size_t i = 0; i < PRICE_N; i++) {
        const struct price_row *row = &price_rows[i];

        assert_true(row->item[0] != '\0' && row->unit[0] != '\0' && row->source[0] != '\0');
        assert_true(row->per >= 1 && row->free < FREE_N);
        assert_true(row->usd[0] > 0); /* nothing without a price in the first region */
        for (size_t k = 0; k < PRICE_REGION_N; k++) {
            double times = row->usd[k] / row->usd[0];

            if (row->usd[k] > 0 && (times < 0.9 || times > 1.6)) {
                fail_msg("%s in %s: %g times its price in %s", row->item, price_regions[k], times,
                         price_regions[0]);
            }
        }
    }
}

static void what_the_table_does_not_say_is_negative(void **state) {
    (void)state;
    assert_true(price_usd(PRICE_LAMBDA_REQUESTS, "eu-west-1") > 0);
    assert_true(price_usd(PRICE_LAMBDA_REQUESTS, "eu-nowhere-1") < 0);
    assert_true(price_usd(PRICE_LAMBDA_REQUESTS, NULL) < 0);
    assert_true(price_usd(PRICE_DYNAMODB_WCU, "eu-west-2") < 0);
    assert_true(price_class_usd("db.t4g.micro", "eu-west-1") > 0);
    assert_true(price_class_usd("x9.huge", "eu-west-1") < 0);
}

/* ---- What others have from AWS's price list ---- */

/* The price of a row or class in one region; what has no such name fails. */
static double usd_of(const char *item, size_t region) {
    for (size_t i = 0; i < PRICE_N; i++) {
        if (strcmp(price_rows[i].item, item) == 0) {
            return price_rows[i].usd[region];
        }
    }
    for (size_t i = 0; i < price_class_n; i++) {
        if (strcmp(price_classes[i].name, item) == 0) {
            return price_classes[i].usd[region];
        }
    }
    fail_msg("nothing is called '%s'", item);
    return 0;
}

static void what_was_compared_is_what_the_table_says(void **state) {
    (void)state;
    assert_true(price_compared_n >= 118);
    for (size_t i = 0; i < price_compared_n; i++) {
        const struct price_compared *row = &price_compareds[i];
        bool is_everywhere = strcmp(row->region, "*") == 0;
        size_t n = 0;

        for (size_t k = 0; k < PRICE_REGION_N; k++) {
            if (is_everywhere || strcmp(price_regions[k], row->region) == 0) {
                double usd = usd_of(row->item, k);

                n++;
                if (usd > row->usd * 1.000001 || usd < row->usd * 0.999999) {
                    fail_msg("%s in %s: %g, %s says %g", row->item, price_regions[k], usd,
                             row->source, row->usd);
                }
            }
        }
        assert_int_equal(n, is_everywhere ? PRICE_REGION_N : 1);
    }
}

static void a_price_from_memory_is_said_to_be_one(void **state) {
    CLEANUP(json_decrefp)
    json_t *cost = cost_of("{\"A\":{\"Type\":\"AWS::CloudWatch::Alarm\"},"
                           "\"K\":{\"Type\":\"AWS::KMS::Key\"}}",
                           NULL);
    CLEANUP(json_decrefp) json_t *change = cost_change(NULL, cost);

    (void)state;
    assert_null(json_str_at(line_of(cost, "standard alarm"), "compared_with"));
    assert_non_null(json_str_at(line_of(cost, "customer managed key"), "compared_with"));
    assert_int_equal(json_array_size(json_object_get(cost, "from_memory")), 1);
    assert_non_null(
        strstr(json_str_or(change, "text", ""), "; prices not compared with AWS's list: 1"));
}

/* ---- Sums that others published ---- */

/* AWS Lambda pricing page, the mobile back end: 3M requests, 120 ms, 1536 MB, x86: 2.33 + 0.40. */
static void lambda_costs_what_amazon_computes(void **state) {
    CLEANUP(json_decrefp)
    json_t *cost = cost_of(FUNCTION("\"MemorySize\":1536"),
                           "{\"requests\":3000000,\"duration_ms\":120,\"log_kb\":0,"
                           "\"free_tier\":true}");

    (void)state;
    assert_string_equal(json_str_or(line_of(cost, "requests"), "usd", ""), "0.4");
    assert_string_equal(json_str_or(line_of(cost, "duration, x86_64"), "usd", ""), "2.333338");
    assert_int_equal(json_int_or(cost, "micro_usd", 0), 2733338);
    assert_int_equal(json_array_size(json_object_get(cost, "not_priced")), 0);
}

/* None of them costs anything itself, which says nothing of what it brings. */
static void what_a_stack_within_brings_is_listed_not_priced(void **state) {
    static const char *const types[] = {"AWS::CloudFormation::Stack",
                                        "AWS::CloudFormation::StackSet",
                                        "AWS::Serverless::Application"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(types); i++) {
        CLEANUP(freep) char *resource = mem_format("{\"S\":{\"Type\":\"%s\"}}", types[i]);
        CLEANUP(json_decrefp) json_t *cost = cost_of(resource, "{}");
        const json_t *row = json_array_get(json_object_get(cost, "not_priced"), 0);

        assert_string_equal(json_str_or(row, "type", ""), types[i]);
        assert_non_null(strstr(json_str_or(row, "why", ""), "its own template"));
    }
}

/* Infracost, lambda_function_test.golden: 11,520,000,000 GB-seconds on arm64 take two tiers. */
static void what_lies_beyond_the_first_tier_is_listed_not_priced(void **state) {
    CLEANUP(json_decrefp)
    json_t *cost = cost_of(FUNCTION("\"MemorySize\":1024,\"Architectures\":[\"arm64\"]"),
                           "{\"requests\":11520000000,\"duration_ms\":1000,\"log_kb\":0}");
    const json_t *row = json_array_get(json_object_get(cost, "not_priced"), 0);

    (void)state;
    assert_string_equal(json_str_or(line_of(cost, "duration, arm64"), "usd", ""), "100000.5");
    assert_string_equal(json_str_or(row, "what", ""), "duration, arm64");
    assert_non_null(strstr(json_str_or(row, "why", ""), "4020000000 GB-second"));
}

/* clang-format off */
/* Monthly sums of Infracost's golden files, us-east-1. */
static const struct {
    const char *resource;
    const char *use;
    const char *item;
    const char *usd;
} published[] = {
    { "{\"Type\":\"AWS::EC2::NatGateway\"}",                                                    NULL,                     "NAT gateway",                 "32.85"    },
    { "{\"Type\":\"AWS::ElasticLoadBalancingV2::LoadBalancer\"}",                               NULL,                     "application load balancer",   "16.425"   },
    { "{\"Type\":\"AWS::ApiGatewayV2::Api\",\"Properties\":{\"ProtocolType\":\"HTTP\"}}",       "{\"requests\":3e8}",     "HTTP API requests",           "300"      },
    { "{\"Type\":\"AWS::S3::Bucket\"}",                                                         "{\"storage_gb\":10000}", "storage, Standard",           "230"      },
    { "{\"Type\":\"AWS::DynamoDB::Table\",\"Properties\":{\"ProvisionedThroughput\":{\"ReadCapacityUnits\":30,\"WriteCapacityUnits\":20}}}", NULL, "write capacity unit", "9.49" },
    { "{\"Type\":\"AWS::DynamoDB::Table\",\"Properties\":{\"ProvisionedThroughput\":{\"ReadCapacityUnits\":30,\"WriteCapacityUnits\":20}}}", NULL, "read capacity unit",  "2.847" },
    { "{\"Type\":\"AWS::DynamoDB::Table\",\"Properties\":{\"BillingMode\":\"PAY_PER_REQUEST\"}}", "{\"storage_gb\":230}", "table storage",               "57.5"     },
    { "{\"Type\":\"AWS::RDS::DBInstance\",\"Properties\":{\"Engine\":\"mysql\",\"DBInstanceClass\":\"db.t4g.small\",\"AllocatedStorage\":\"20\"}}", NULL, "db.t4g.small", "23.36" },
    { "{\"Type\":\"AWS::RDS::DBInstance\",\"Properties\":{\"Engine\":\"mysql\",\"DBInstanceClass\":\"db.t4g.small\",\"AllocatedStorage\":\"20\"}}", NULL, "database storage, gp2 or gp3", "2.3" },
    { "{\"Type\":\"AWS::EC2::Instance\",\"Properties\":{\"InstanceType\":\"t3.medium\"}}",      NULL,                     "t3.medium",                   "30.368"   },
    { "{\"Type\":\"AWS::EC2::Volume\",\"Properties\":{\"VolumeType\":\"gp3\",\"Size\":20}}",    NULL,                     "volume, gp3",                 "1.6"      },
    { "{\"Type\":\"AWS::KMS::Key\"}",                                                           NULL,                     "customer managed key",        "1"        },
    { "{\"Type\":\"AWS::SecretsManager::Secret\"}",                                             NULL,                     "secret",                      "0.4"      },
    { "{\"Type\":\"AWS::EKS::Cluster\"}",                                                       NULL,                     "cluster",                     "73"       },
    { "{\"Type\":\"AWS::CloudFront::Distribution\"}",                                           "{\"requests\":123400}", "HTTPS requests, viewers in North America", "0.1234" },
    { "{\"Type\":\"AWS::CloudFront::Distribution\"}",                                           "{\"transfer_gb\":10240}", "data out, viewers in North America", "870.4" },
    { "{\"Type\":\"AWS::CloudFront::Function\"}",                                               "{\"site_requests\":200000}", "CloudFront function calls", "0.02"   },
    { "{\"Type\":\"AWS::WAFv2::WebACL\"}",                                                      NULL,                     "web ACL",                     "5"        },
    { "{\"Type\":\"AWS::SSM::Parameter\",\"Properties\":{\"Tier\":\"Advanced\"}}",              NULL,                     "advanced parameter",          "0.05"     },
    { "{\"Type\":\"AWS::EC2::VPCEndpoint\",\"Properties\":{\"VpcEndpointType\":\"Interface\",\"SubnetIds\":[\"a\",\"b\"]}}", NULL, "interface endpoint, per zone", "14.6" },
};
/* clang-format on */

static void resources_cost_what_others_compute(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(published); i++) {
        CLEANUP(freep) char *resources = mem_format("{\"R\":%s}", published[i].resource);
        CLEANUP(json_decrefp) json_t *cost = cost_of(resources, published[i].use);
        const char *usd = json_str_or(line_of(cost, published[i].item), "usd", "nothing");

        if (strcmp(usd, published[i].usd) != 0) {
            fail_msg("%s, %s: %s, want %s", published[i].resource, published[i].item, usd,
                     published[i].usd);
        }
    }
}

static void fargate_costs_what_others_compute(void **state) {
    CLEANUP(json_decrefp)
    json_t *cost =
        cost_of("{\"T\":{\"Type\":\"AWS::ECS::TaskDefinition\",\"Properties\":{\"Cpu\":\"1024\","
                "\"Memory\":\"2048\"}},\"S\":{\"Type\":\"AWS::ECS::Service\",\"Properties\":{"
                "\"TaskDefinition\":{\"Ref\":\"T\"},\"DesiredCount\":1}}}",
                NULL);

    (void)state; /* ecs_service_test.golden: 1 CPU 29.55, 2 GB 6.49 */
    assert_string_equal(json_str_or(line_of(cost, "Fargate vCPU, x86_64"), "usd", ""), "29.5504");
    assert_string_equal(json_str_or(line_of(cost, "Fargate memory, x86_64"), "usd", ""), "6.4897");
}

static bool is_not_priced(const json_t *cost, const char *what) {
    return json_row(json_object_get(cost, "not_priced"), "what", what) != NULL;
}

#define TASK                                                                                       \
    "\"T\":{\"Type\":\"AWS::ECS::TaskDefinition\",\"Properties\":{\"Cpu\":\"1024\",\"Memory\":"    \
    "\"2048\","                                                                                    \
    "\"ContainerDefinitions\":[{\"LogConfiguration\":{\"LogDriver\":\"awslogs\"}}]}}"

/* Spot has no price of its own in the table, and it is never dearer: its tasks are not in the sum.
 */
static void tasks_on_spot_are_listed_and_not_priced_as_others(void **state) {
    /* clang-format off */
    static const struct { const char *service; const char *vcpu; bool is_listed; } rows[] = {
        { "\"DesiredCount\":2",                                                                                    "59.1008", false },
        { "\"DesiredCount\":2,\"CapacityProviderStrategy\":[{\"CapacityProvider\":\"FARGATE_SPOT\"}]",             "none",    true  },
        { "\"DesiredCount\":2,\"CapacityProviderStrategy\":[{\"CapacityProvider\":\"FARGATE\",\"Base\":1},"
          "{\"CapacityProvider\":\"FARGATE_SPOT\"}]",                                                             "29.5504", true  },
        { "\"DesiredCount\":2,\"Cluster\":{\"Ref\":\"C\"}",                                                      "none",    true  },
        { "\"DesiredCount\":2,\"Cluster\":{\"Ref\":\"C\"},\"LaunchType\":\"FARGATE\"",                           "59.1008", false },
        { "\"DesiredCount\":2,\"CapacityProviderStrategy\":[{\"CapacityProvider\":\"FARGATE\"}]",                  "59.1008", false },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep)
        char *text = mem_format("{" TASK ",\"C\":{\"Type\":\"AWS::ECS::Cluster\",\"Properties\":{"
                                "\"DefaultCapacityProviderStrategy\":[{\"CapacityProvider\":"
                                "\"FARGATE_SPOT\"}]}},\"S\":{\"Type\":\"AWS::ECS::Service\","
                                "\"Properties\":{\"TaskDefinition\":{\"Ref\":\"T\"},%s}}}",
                                rows[i].service);
        CLEANUP(json_decrefp) json_t *cost = cost_of(text, NULL);
        const char *vcpu = json_str_or(line_of(cost, "Fargate vCPU, x86_64"), "usd", "none");

        if (strcmp(vcpu, rows[i].vcpu) != 0 ||
            is_not_priced(cost, "tasks on Fargate Spot") != rows[i].is_listed) {
            fail_msg("%s: %s", rows[i].service, vcpu);
        }
    }
}

static void what_containers_bring_along_is_priced_or_listed(void **state) {
    CLEANUP(json_decrefp)
    json_t *service = cost_of("{" TASK ",\"S\":{\"Type\":\"AWS::ECS::Service\",\"Properties\":{"
                              "\"TaskDefinition\":{\"Ref\":\"T\"}}}}",
                              "{\"requests\":\"1000000\",\"log_kb\":\"1\"}");
    CLEANUP(json_decrefp)
    json_t *watched = cost_of("{\"C\":{\"Type\":\"AWS::ECS::Cluster\",\"Properties\":{"
                              "\"ClusterSettings\":[{\"Name\":\"containerInsights\",\"Value\":"
                              "\"enabled\"}]}}}",
                              NULL);
    CLEANUP(json_decrefp)
    json_t *plain = cost_of("{\"C\":{\"Type\":\"AWS::ECS::Cluster\"},\"V\":{\"Type\":"
                            "\"AWS::CloudFront::VpcOrigin\"}}",
                            NULL);
    CLEANUP(json_decrefp)
    json_t *express =
        cost_of("{\"S\":{\"Type\":\"AWS::ECS::ExpressGatewayService\",\"Properties\":{\"Cpu\":"
                "\"1024\",\"Memory\":\"2048\",\"ScalingTarget\":{\"MinTaskCount\":2}}}}",
                NULL);
    CLEANUP(json_decrefp)
    json_t *table =
        cost_of("{\"D\":{\"Type\":\"AWS::DynamoDB::Table\",\"Properties\":{"
                "\"PointInTimeRecoverySpecification\":{\"PointInTimeRecoveryEnabled\":true}}}}",
                NULL);

    (void)state;
    /* The CloudWatch price page: 1 GB at $0.50. */
    assert_string_equal(json_str_or(line_of(service, "log data written"), "usd", ""), "0.5");
    assert_true(is_not_priced(watched, "Container Insights"));
    assert_int_equal(json_array_size(json_object_get(plain, "not_priced")), 0);
    /* 2 of 1 vCPU and 2 GB, arm64: 47.2748 and 10.3952 by the Fargate price page. */
    assert_non_null(line_of(express, "Fargate vCPU, arm64"));
    assert_true(is_not_priced(express, "load balancer and public addresses"));
    assert_true(is_not_priced(table, "point-in-time recovery"));
}

/* Source: the VPC price page, public IPv4 addresses: $0.005 an hour each, whoever has them. */
static void public_addresses_cost_something(void **state) {
    /* clang-format off */
    static const struct { const char *properties; const char *usd; } rows[] = {
        { "{}",                                                                      "7.3"   },
        { "{\"Scheme\":\"internal\"}",                                               "none"  },
        { "{\"Subnets\":[\"a\",\"b\",\"c\"]}",                                     "10.95" },
        { "{\"IpAddressType\":\"dualstack-without-public-ipv4\"}",                   "none"  },
        { "{\"Type\":\"network\"}",                                                  "3.65"  },
        { "{\"Type\":\"network\",\"SubnetMappings\":[{\"AllocationId\":\"e\"}]}",  "none"  },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep)
        char *resources =
            mem_format("{\"L\":{\"Type\":\"AWS::ElasticLoadBalancingV2::LoadBalancer\","
                       "\"Properties\":%s}}",
                       rows[i].properties);
        CLEANUP(json_decrefp) json_t *cost = cost_of(resources, NULL);

        assert_string_equal(json_str_or(line_of(cost, "public IPv4 address"), "usd", "none"),
                            rows[i].usd);
    }
    CLEANUP(json_decrefp)
    json_t *tasks =
        cost_of("{\"T\":{\"Type\":\"AWS::ECS::TaskDefinition\",\"Properties\":{}},\"S\":{\"Type\":"
                "\"AWS::ECS::Service\",\"Properties\":{\"TaskDefinition\":{\"Ref\":\"T\"},"
                "\"DesiredCount\":2,\"NetworkConfiguration\":{\"AwsvpcConfiguration\":{"
                "\"AssignPublicIp\":\"ENABLED\"}}}}}",
                NULL);
    assert_string_equal(json_str_or(line_of(tasks, "public IPv4 address"), "usd", "none"), "7.3");
}

static void a_parameter_that_decides_is_named(void **state) {
    CLEANUP(json_decrefp)
    json_t *template = read_json("{\"Parameters\":{\"Class\":{\"Type\":\"String\"}},\"Resources\":{"
                                 "\"V\":{\"Type\":\"AWS::EC2::Instance\",\"Properties\":{"
                                 "\"InstanceType\":{\"Ref\":\"Class\"}}}}}");
    struct cost_use use = use_of(NULL);
    CLEANUP(json_decrefp) json_t *cost = cost_of_template(template, NULL, "us-east-1", &use);
    const json_t *row = json_array_get(json_object_get(cost, "not_priced"), 0);

    (void)state;
    assert_string_equal(json_str_or(row, "what", ""), "InstanceType");
    assert_string_equal(json_str_or(row, "why", ""),
                        "the parameter Class decides (--parameter Class=VALUE)");
}

/* ---- What the template says ---- */

static void parameters_conditions_and_maps_are_followed(void **state) {
    CLEANUP(json_decrefp)
    json_t *template = read_json(
        "{\"Parameters\":{\"Mb\":{\"Default\":512},\"Stage\":{\"Default\":\"dev\"}},"
        "\"Mappings\":{\"Size\":{\"prod\":{\"mb\":2048},\"dev\":{\"mb\":256}}},"
        "\"Conditions\":{\"Prod\":{\"Fn::Equals\":[{\"Ref\":\"Stage\"},\"prod\"]},"
        "\"Other\":{\"Fn::Not\":[{\"Condition\":\"Prod\"}]},"
        "\"Both\":{\"Fn::And\":[{\"Condition\":\"Prod\"},{\"Condition\":\"Other\"}]}},"
        "\"Resources\":{\"K\":{\"Type\":\"AWS::KMS::Key\",\"Condition\":\"Prod\"},"
        "\"N\":{\"Type\":\"AWS::KMS::Key\",\"Condition\":\"Both\"},"
        "\"F\":{\"Type\":\"AWS::Lambda::Function\",\"Properties\":{\"MemorySize\":{\"Fn::If\":["
        "\"Prod\",{\"Fn::FindInMap\":[\"Size\",{\"Ref\":\"Stage\"},\"mb\"]},{\"Ref\":\"Mb\"}]}}}}"
        "}");
    CLEANUP(json_decrefp) json_t *prod = read_json("{\"Stage\":\"prod\"}");
    struct cost_use use = use_of(NULL);
    CLEANUP(json_decrefp) json_t *small = cost_of_template(template, NULL, "us-east-1", &use);
    CLEANUP(json_decrefp) json_t *large = cost_of_template(template, prod, "us-east-1", &use);

    (void)state; /* 100,000 requests of 120 ms: 12,000 s */
    assert_string_equal(json_str_or(line_of(small, "duration, x86_64"), "quantity", ""), "6000");
    assert_null(line_of(small, "customer managed key"));
    assert_string_equal(json_str_or(line_of(large, "duration, x86_64"), "quantity", ""), "24000");
    assert_non_null(line_of(large, "customer managed key"));
    assert_int_equal(json_array_size(json_object_get(large, "not_priced")), 0);
}

static void what_cannot_be_told_is_listed(void **state) {
    /* clang-format off */
    static const struct { const char *resource; const char *what; } rows[] = {
        { "{\"Type\":\"AWS::Lambda::Function\",\"Properties\":{\"MemorySize\":{\"Ref\":\"Absent\"}}}",  "MemorySize" },
        { "{\"Type\":\"AWS::Lambda::Function\",\"Properties\":{\"MemorySize\":\"much\"}}",              "MemorySize" },
        { "{\"Type\":\"AWS::Lambda::Function\",\"Properties\":{\"MemorySize\":-1}}",                    "MemorySize" },
        { "{\"Type\":\"AWS::Lambda::Function\",\"Properties\":{\"MemorySize\":\"512MB\"}}",             "MemorySize" },
        { "{\"Type\":\"AWS::Lambda::Function\",\"Properties\":{\"MemorySize\":\"-inf\"}}",              "MemorySize" },
        { "{\"Type\":\"AWS::Lambda::Function\",\"Properties\":{\"MemorySize\":1e300}}",                 "MemorySize" },
        { "{\"Type\":\"AWS::Lambda::Function\",\"Condition\":\"Absent\"}",                              "resource"   },
        { "{\"Type\":\"AWS::RDS::DBInstance\",\"Properties\":{\"Engine\":\"oracle-ee\"}}",              "database"   },
        { "{\"Type\":\"AWS::Redshift::Cluster\"}",                                                      "resource"   },
        { "{\"Type\":\"AWS::EC2::NatGateway\"}",                                                        "data processed" },
        { "{\"Type\":\"AWS::DynamoDB::Table\",\"Properties\":{\"BillingMode\":\"PAY_PER_REQUEST\"}}",   "reads and writes" },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep) char *resources = mem_format("{\"R\":%s}", rows[i].resource);
        CLEANUP(json_decrefp) json_t *cost = cost_of(resources, NULL);
        const json_t *row = json_array_get(json_object_get(cost, "not_priced"), 0);

        assert_string_equal(json_str_or(row, "what", "nothing"), rows[i].what);
        assert_true(json_str_or(row, "why", "")[0] != '\0');
    }
}

static void a_region_without_prices_prices_nothing(void **state) {
    CLEANUP(json_decrefp)
    json_t *cost = cost_in("me-central-1", FUNCTION("\"MemorySize\":1024"), NULL);

    (void)state;
    assert_int_equal(json_int_or(cost, "micro_usd", -1), 0);
    assert_int_equal(json_array_size(json_object_get(cost, "lines")), 0);
    assert_true(json_array_size(json_object_get(cost, "not_priced")) >= 2);
}

static void what_has_no_charge_is_said_so(void **state) {
    CLEANUP(json_decrefp)
    json_t *cost = cost_of("{\"R\":{\"Type\":\"AWS::IAM::Role\"},\"L\":{\"Type\":"
                           "\"AWS::Logs::LogGroup\"},\"P\":{\"Type\":\"AWS::SSM::Parameter\"}}",
                           NULL);

    (void)state;
    assert_int_equal(json_int_or(cost, "micro_usd", -1), 0);
    assert_int_equal(json_array_size(json_object_get(cost, "free_types")), 2);
    assert_int_equal(json_array_size(json_object_get(cost, "not_priced")), 0);
}

static void functions_share_the_requests(void **state) {
    CLEANUP(json_decrefp)
    json_t *cost = cost_of("{\"A\":{\"Type\":\"AWS::Lambda::Function\"},\"B\":{\"Type\":"
                           "\"AWS::Lambda::Function\"},\"C\":{\"Type\":\"AWS::Lambda::Function\"},"
                           "\"Z\":{\"Type\":\"AWS::ApiGatewayV2::Authorizer\",\"Properties\":{"
                           "\"AuthorizerResultTtlInSeconds\":3600,\"AuthorizerUri\":{\"Fn::Sub\":"
                           "\"arn:x/functions/${C.Arn}/invocations\"}}}}",
                           NULL);
    const json_t *lines = json_object_get(cost, "lines");

    (void)state;
    assert_string_equal(json_str_or(json_row(lines, "id", "A"), "quantity", ""), "0.05");
    assert_string_equal(json_str_or(json_row(lines, "id", "C"), "quantity", ""), "0.00073");
}

static void the_free_tier_is_told_and_taken_off_when_asked(void **state) {
    CLEANUP(json_decrefp) json_t *whole = cost_of(FUNCTION("\"MemorySize\":128"), NULL);
    CLEANUP(json_decrefp)
    json_t *less = cost_of(FUNCTION("\"MemorySize\":128"), "{\"free_tier\":true}");

    (void)state;
    assert_true(json_int_or(whole, "micro_usd", 0) > 0);
    assert_true(json_has_str(json_object_get(whole, "free_tier"), "1M requests of Lambda"));
    assert_false(json_bool_at(whole, "free_tier_subtracted"));
    assert_string_equal(json_str_or(line_of(less, "requests"), "usd", ""), "0");
    assert_true(json_bool_at(less, "free_tier_subtracted"));
}

static void what_is_free_has_the_amount_that_its_text_names(void **state) {
    static const struct {
        char unit;
        double times;
    } units[] = {{'k', 1e3}, {'M', 1e6}, {'T', 1024} /* of GB */};

    (void)state;
    assert_true(price_free_amount(FREE_NONE) <= 0 && price_free_text(FREE_NONE)[0] == '\0');
    for (enum price_free i = FREE_NONE + 1; i < FREE_N; i++) {
        char *end = NULL;
        double amount = strtod(price_free_text(i), &end);

        end += *end == ' ' ? 1 : 0;
        for (size_t k = 0; k < ARRAY_N(units); k++) {
            amount *= *end == units[k].unit ? units[k].times : 1;
        }
        if (amount < price_free_amount(i) || amount > price_free_amount(i)) {
            fail_msg("'%s' is %g", price_free_text(i), price_free_amount(i));
        }
    }
}

static void only_what_is_free_is_taken_off(void **state) {
    CLEANUP(json_decrefp)
    json_t *cost = cost_of("{\"K\":{\"Type\":\"AWS::KMS::Key\"},\"A\":{\"Type\":"
                           "\"AWS::CloudWatch::Alarm\"},\"D\":{\"Type\":\"AWS::DynamoDB::Table\"}}",
                           "{\"free_tier\":true,\"storage_gb\":0.5}");
    const json_t *told = json_object_get(cost, "free_tier");

    (void)state;
    assert_string_equal(json_str_or(cost, "usd_month", ""), "1"); /* the key */
    assert_int_equal(json_array_size(told), 2);
    assert_true(json_has_str(told, "10 alarms of CloudWatch"));
    assert_true(json_has_str(told, "25 GB of DynamoDB")); /* of which half a GB is used */
}

static void the_sum_is_the_sum_of_the_lines(void **state) {
    CLEANUP(json_decrefp)
    json_t *cost = cost_of(FUNCTION("\"MemorySize\":1769"), "{\"requests\":333333}");
    const json_t *line;
    int64_t sum = 0;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(cost, "lines"), i, line) {
        sum += json_int_or(line, "micro_usd", 0);
    }
    assert_int_equal(json_int_or(cost, "micro_usd", -1), sum);
    assert_true(sum > 0);
}

static void a_line_says_of_what_how_much_and_what_was_assumed(void **state) {
    CLEANUP(json_decrefp) json_t *cost = cost_of("{\"B\":{\"Type\":\"AWS::S3::Bucket\"}}", NULL);
    CLEANUP(json_decrefp)
    json_t *want = read_json("{\"id\":\"B\",\"type\":\"AWS::S3::Bucket\",\"item\":\"storage, "
                             "Standard\",\"quantity\":\"1\",\"unit\":\"GB-month\",\"unit_usd\":"
                             "\"0.023\",\"usd\":\"0.023\",\"micro_usd\":23000,\"assumption\":"
                             "\"1 GB in all\"}");
    CLEANUP(json_decrefp)
    json_t *line = json_deep_copy(json_array_get(json_object_get(cost, "lines"), 0));

    (void)state;
    assert_string_equal(json_str_or(line, "compared_with", ""),
                        price_compared_with("storage, Standard", "us-east-1"));
    (void)json_object_del(line, "compared_with");
    assert_true(json_equal(line, want));
    assert_string_equal(json_str_or(cost, "date", ""), PRICE_DATE);
    assert_string_equal(json_str_or(cost, "region", ""), "us-east-1");
}

/* What passes each number there is does not come out small. */
static void a_sum_without_end_is_above_each_ceiling(void **state) {
    CLEANUP(json_decrefp)
    json_t *cost = cost_of("{\"C\":{\"Type\":\"AWS::EC2::Volume\",\"Properties\":{\"Size\":1e12}},"
                           "\"T\":{\"Type\":\"AWS::ECS::TaskDefinition\",\"Properties\":{\"Cpu\":"
                           "1e12,\"Memory\":1e12}},\"S\":{\"Type\":\"AWS::ECS::Service\","
                           "\"Properties\":{\"TaskDefinition\":{\"Ref\":\"T\"},\"DesiredCount\":"
                           "1e12}}}",
                           NULL);
    CLEANUP(json_decrefp) json_t *findings = json_array();

    (void)state;
    assert_true(json_int_or(cost, "micro_usd", 0) == INT64_C(1000000000000000000));
    assert_int_equal(cost_judge(cost, 1200000000, findings), VERDICT_DENY);
}

/* ---- The use ---- */

static void use_is_read_with_its_defaults(void **state) {
    struct cost_use use = use_of("{\"requests\":\"2000000\",\"log_kb\":0.5}");
    CLEANUP(json_decrefp) json_t *json = cost_use_write(&use);

    (void)state;
    assert_true(use_of("{\"log_kb\":\"0002.5000\"}").log_kb > 2.4999 &&
                use_of("{\"log_kb\":\"2.5\"}").log_kb < 2.5001);
    assert_true(use.requests > 1999999 && use.duration_ms > 119 && use.duration_ms < 121);
    assert_string_equal(json_str_or(json, "requests", ""), "2000000");
    assert_string_equal(json_str_or(json, "log_kb", ""), "0.5");
    assert_false(json_has_str(json_object_get(json, "defaults"), "requests"));
    assert_true(json_has_str(json_object_get(json, "defaults"), "duration_ms"));
}

static void numbers_that_are_none_are_refused(void **state) {
    static const char *const rows[] = {
        "{\"requests\":\"-1\"}",   "{\"requests\":\"1e6\"}", "{\"requests\":\"nan\"}",
        "{\"requests\":\"\"}",     "{\"requests\":\"1.\"}",  "{\"requests\":-5}",
        "{\"requests\":\"0x10\"}", "{\"requests\":1e300}",   "{\"requests\":\"99999999999999\"}",
        "{\"requests\":true}",     "{\"requests\":[]}",      "{\"requests\":\" 1\"}",
        "{\"requests\":\".5\"}",   "{\"requests\":\"1.x\"}", "{\"requests\":\"1.5.2\"}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *said = read_json(rows[i]);
        struct cost_use use = {.requests = 7};
        struct err err = {0};

        if (cost_use_read(said, &use, &err) != ERR_INVALID) {
            fail_msg("%s was taken", rows[i]);
        }
        assert_true(use.requests > 6.9 && use.requests < 7.1); /* untouched */
        assert_true(err.remedy[0] != '\0');
    }
}

static void amounts_are_texts(void **state) {
    /* clang-format off */
    static const struct { int64_t micro; const char *text; } rows[] = {
        { 0, "$0.00" }, { 430000, "$0.43" }, { 1, "$0.000001" }, { 9999, "$0.009999" }, { 12345678, "$12.35" },
        { 12344999, "$12.34" }, { 12345000, "$12.35" }, { -430000, "-$0.43" }, { -50, "-$0.00005" }, { 120000000, "$120.00" }, { 10000, "$0.01" },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        assert_string_equal(cost_dollars(rows[i].micro).text, rows[i].text);
    }
}

/* ---- A change and the ceiling ---- */

static void a_change_says_what_it_adds(void **state) {
    CLEANUP(json_decrefp) json_t *before = cost_of("{\"K\":{\"Type\":\"AWS::KMS::Key\"}}", NULL);
    CLEANUP(json_decrefp)
    json_t *after = cost_of("{\"S\":{\"Type\":\"AWS::SecretsManager::Secret\"},\"N\":{\"Type\":"
                            "\"AWS::Redshift::Cluster\"}}",
                            NULL);
    CLEANUP(json_decrefp) json_t *less = cost_change(before, after);
    CLEANUP(json_decrefp) json_t *first = cost_change(NULL, after);

    (void)state;
    assert_string_equal(json_str_or(less, "change_usd", ""), "-0.6");
    assert_string_equal(json_str_or(less, "text", ""),
                        "$0.60 a month less (from $1.00 to $0.40), prices of " PRICE_DATE
                        ", 100000 requests a month; could not be priced: N");
    assert_string_equal(json_str_or(first, "text", ""),
                        "at least +$0.40 a month, prices of " PRICE_DATE
                        ", 100000 requests a month; could not be priced: N");
    assert_int_equal(json_int_or(first, "after_micro_usd", 0), 400000);
    (void)json_object_del(less, "text");
    CLEANUP(json_decrefp)
    json_t *rest = read_json("{\"date\":\"" PRICE_DATE "\",\"region\":\"us-east-1\",\"before_usd\":"
                             "\"1\",\"after_usd\":\"0.4\",\"change_usd\":\"-0.6\","
                             "\"change_micro_usd\":-600000,\"after_micro_usd\":400000,"
                             "\"not_priced\":[\"N\"]}");
    assert_true(json_equal(less, rest));
    CLEANUP(json_decrefp) json_t *same = cost_change(after, after);
    assert_non_null(strstr(json_str_or(same, "text", ""), "at least +$0.00 a month (from $0.40"));
    CLEANUP(json_decrefp) json_t *more = cost_change(before, NULL);
    assert_non_null(
        strstr(json_str_or(more, "text", ""), "$1.00 a month less (from $1.00 to $0.00"));
}

static void names_without_a_price_are_said_once_and_four_at_most(void **state) {
    CLEANUP(json_decrefp)
    json_t *cost =
        read_json("{\"micro_usd\":0,\"not_priced\":[{\"id\":\"A\",\"what\":\"resource\"},"
                  "{\"id\":\"B\",\"what\":\"data\"},{\"id\":\"B\",\"what\":\"data\"},"
                  "{\"id\":\"C\",\"what\":\"resource\"},{\"id\":\"D\",\"what\":"
                  "\"resource\"},{\"id\":\"E\",\"what\":\"resource\"},{\"id\":\"F\","
                  "\"what\":\"resource\"}]}");
    CLEANUP(json_decrefp) json_t *findings = json_array();

    (void)state;
    assert_int_equal(cost_judge(cost, 100, findings), VERDICT_ASK);
    assert_string_equal(json_str_or(json_array_get(findings, 0), "text", ""),
                        "at least $0.00 of the ceiling of $1.00 a month; could not be priced: A, B "
                        "data, C, D and 2 more");
}

static void the_ceiling_denies_asks_and_lets_through(void **state) {
    CLEANUP(json_decrefp) json_t *known = cost_of("{\"K\":{\"Type\":\"AWS::KMS::Key\"}}", NULL);
    CLEANUP(json_decrefp)
    json_t *partly = cost_of("{\"K\":{\"Type\":\"AWS::KMS::Key\"},\"N\":{\"Type\":"
                             "\"AWS::EC2::NatGateway\"}}",
                             NULL);
    CLEANUP(json_decrefp) json_t *empty = json_object();
    CLEANUP(json_decrefp) json_t *nothing = read_json("{\"micro_usd\":0}");
    CLEANUP(json_decrefp) json_t *large = read_json("{\"micro_usd\":100000001}");
    /* clang-format off */
    const struct { const json_t *cost; int64_t cents; enum verdict verdict; const char *code; } rows[] = {
        { known,  -1,   VERDICT_ALLOW, NULL },
        { known,  100,  VERDICT_ALLOW, NULL },
        { known,  99,   VERDICT_DENY,  "over_cost_ceiling" },
        { known,  0,    VERDICT_DENY,  "over_cost_ceiling" },
        { nothing, 0,   VERDICT_ALLOW, NULL },
        { large, 10000, VERDICT_DENY,  "over_cost_ceiling" }, /* by a millionth of a dollar */
        { large, 10001, VERDICT_ALLOW, NULL },
        { partly, 9999, VERDICT_ASK,   "cost_unknown" },
        { partly, 3384, VERDICT_DENY,  "over_cost_ceiling" },
        { partly, -1,   VERDICT_ALLOW, NULL },
        { empty,  9999, VERDICT_DENY,  "cost_unknown" }, /* a cost that was never computed */
        { NULL,   9999, VERDICT_DENY,  "cost_unknown" },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *findings = json_array();
        enum verdict verdict = cost_judge(rows[i].cost, rows[i].cents, findings);
        const json_t *finding = json_array_get(findings, 0);

        assert_int_equal(verdict, rows[i].verdict);
        if (rows[i].code == NULL) {
            assert_null(finding);
            continue;
        }
        assert_string_equal(json_str_or(finding, "code", ""), rows[i].code);
        assert_string_equal(json_str_or(finding, "verdict", ""), verdict_name(verdict));
        assert_true(json_str_or(finding, "remedy", "")[0] != '\0');
        assert_string_equal(json_str_or(finding, "where", ""), "cost_ceiling_usd");
        assert_true(json_str_or(finding, "text", "")[0] != '\0');
    }
    CLEANUP(json_decrefp) json_t *findings = json_array();
    (void)cost_judge(large, 1, findings); /* the next whole dollar is enough */
    assert_non_null(strstr(json_str_or(json_array_get(findings, 0), "remedy", ""),
                           "raise cost_ceiling_usd to 101 or more"));
}

static void one_resource_is_priced_as_in_a_template(void **state) {
    struct cost_use use = use_of("{\"storage_gb\":100}");
    CLEANUP(json_decrefp)
    json_t *cost = cost_of_resource("old-bucket", "AWS::S3::Bucket", NULL, "eu-central-1", &use);

    (void)state;
    assert_string_equal(json_str_or(cost, "usd_month", ""), "2.45");
    assert_string_equal(json_str_or(json_array_get(json_object_get(cost, "lines"), 0), "id", ""),
                        "old-bucket");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_price_has_a_unit_a_source_and_no_surprise),
        cmocka_unit_test(what_the_table_does_not_say_is_negative),
        cmocka_unit_test(what_was_compared_is_what_the_table_says),
        cmocka_unit_test(a_price_from_memory_is_said_to_be_one),
        cmocka_unit_test(lambda_costs_what_amazon_computes),
        cmocka_unit_test(what_a_stack_within_brings_is_listed_not_priced),
        cmocka_unit_test(what_lies_beyond_the_first_tier_is_listed_not_priced),
        cmocka_unit_test(resources_cost_what_others_compute),
        cmocka_unit_test(fargate_costs_what_others_compute),
        cmocka_unit_test(tasks_on_spot_are_listed_and_not_priced_as_others),
        cmocka_unit_test(what_containers_bring_along_is_priced_or_listed),
        cmocka_unit_test(public_addresses_cost_something),
        cmocka_unit_test(a_parameter_that_decides_is_named),
        cmocka_unit_test(parameters_conditions_and_maps_are_followed),
        cmocka_unit_test(what_cannot_be_told_is_listed),
        cmocka_unit_test(a_region_without_prices_prices_nothing),
        cmocka_unit_test(what_has_no_charge_is_said_so),
        cmocka_unit_test(functions_share_the_requests),
        cmocka_unit_test(the_free_tier_is_told_and_taken_off_when_asked),
        cmocka_unit_test(the_sum_is_the_sum_of_the_lines),
        cmocka_unit_test(a_line_says_of_what_how_much_and_what_was_assumed),
        cmocka_unit_test(a_sum_without_end_is_above_each_ceiling),
        cmocka_unit_test(what_is_free_has_the_amount_that_its_text_names),
        cmocka_unit_test(only_what_is_free_is_taken_off),
        cmocka_unit_test(names_without_a_price_are_said_once_and_four_at_most),
        cmocka_unit_test(use_is_read_with_its_defaults),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(amounts_are_texts),
        cmocka_unit_test(a_change_says_what_it_adds),
        cmocka_unit_test(the_ceiling_denies_asks_and_lets_through),
        cmocka_unit_test(one_resource_is_priced_as_in_a_template),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
