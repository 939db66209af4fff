/* What each type of resource is charged for. Source: the price pages named in price.def. */
#include "guard/price/cost_room.h"
#include "guard/walk.h"

#include <string.h>

/* ---- What shares the assumed use ---- */

/* The resource that `value` names: {"Ref":X}, {"Fn::GetAtt":[X,…]}, or ${X.…} in a Fn::Sub. */
static bool is_naming(const json_t *value, const char *id) {
    const char *key;
    const json_t *part;
    size_t i;

    if (json_is_string(value)) {
        CLEANUP(freep) char *plain = mem_format("${%s}", id);
        CLEANUP(freep) char *dotted = mem_format("${%s.", id);
        const char *text = json_string_value(value);

        return strcmp(text, id) == 0 || strstr(text, plain) != NULL || strstr(text, dotted) != NULL;
    }
    json_array_foreach(value, i, part) {
        if (is_naming(part, id)) {
            return true;
        }
    }
    json_object_foreach(walk(value), key, part) {
        if (is_naming(part, id)) {
            return true;
        }
    }
    return false;
}

/* The authorizer that a function answers for; NULL: none, it is called for each request. */
static const json_t *authorizer_of(const struct costing *costing, const char *id) {
    const char *name;
    const json_t *resource;

    json_object_foreach(walk(costing->resources), name, resource) {
        const char *type = json_str_or(resource, "Type", "");

        if ((strcmp(type, "AWS::ApiGatewayV2::Authorizer") == 0 ||
             strcmp(type, "AWS::ApiGateway::Authorizer") == 0) &&
            is_naming(json_at(resource, "Properties.AuthorizerUri"), id)) {
            return resource;
        }
    }
    return NULL;
}

static bool is_function(const char *type) {
    return strcmp(type, "AWS::Lambda::Function") == 0 ||
           strcmp(type, "AWS::Serverless::Function") == 0;
}

static bool is_service(const char *type) {
    return strcmp(type, "AWS::ECS::Service") == 0 ||
           strcmp(type, "AWS::ECS::ExpressGatewayService") == 0;
}

static bool is_store(const char *type) {
    return strcmp(type, "AWS::S3::Bucket") == 0 || strcmp(type, "AWS::DynamoDB::Table") == 0 ||
           strcmp(type, "AWS::EFS::FileSystem") == 0 || strcmp(type, "AWS::ECR::Repository") == 0;
}

void cost_share(struct costing *costing) {
    const char *name;
    const json_t *resource;

    json_object_foreach(walk(costing->resources), name, resource) {
        const char *type = json_str_or(resource, "Type", "");
        const char *condition = json_str_at(resource, "Condition");

        if (condition != NULL && template_condition(&costing->facts, condition) != TEMPLATE_TRUE) {
            continue;
        }
        costing->callee_n += is_function(type) && authorizer_of(costing, name) == NULL;
        costing->service_n += is_service(type);
        costing->store_n += is_store(type);
        costing->has_site = costing->has_site || strcmp(type, "AWS::S3::Bucket") == 0;
        costing->is_behind_cloudfront =
            costing->is_behind_cloudfront || strcmp(type, "AWS::CloudFront::Distribution") == 0;
    }
}

static double shared_gb(const struct costed *of) {
    return of->costing->use->storage_gb / (double)of->costing->store_n;
}

/* ---- Functions and what stands before them ---- */

static void request_logs(const struct costed *of, double calls) {
    double gb = calls * of->costing->use->log_kb / 1e6;

    cost_line(of, PRICE_LOGS_INGEST, gb, "%s kB a request",
              cost_decimal(of->costing->use->log_kb).text);
    cost_line(of, PRICE_LOGS_STORAGE, 0.15 * gb, "one month's, compressed to 15 %%");
}

static void function_traces(const struct costed *of, double calls) {
    const char *mode = cost_word(of, "TracingConfig.Mode", "");

    if (mode != NULL && strcmp(mode, "Active") == 0) {
        cost_line(of, PRICE_XRAY_TRACES, calls * 0.05, "5 %% of the requests, as Lambda samples");
    }
}

/* The duration's price; where the architecture cannot be told, the lower one: "at least". */
static enum price_id function_price(const struct costed *of) {
    bool is_unknown = false;
    const json_t *list = cost_value(of->costing, of->properties, "Architectures", &is_unknown);
    const char *name = json_string_value(json_array_get(list, 0));
    bool is_arm = is_unknown || (name != NULL && strcmp(name, "arm64") == 0);

    return is_arm ? PRICE_LAMBDA_ARM_GB_S : PRICE_LAMBDA_X86_GB_S;
}

enum { AUTHORIZER_MS = 10 };

/* Its answers are kept, so it is called once in a while. */
static void cost_authorizer(const struct costed *of, const json_t *authorizer, double mb) {
    double kept_s = (double)json_int_or(authorizer, "Properties.AuthorizerResultTtlInSeconds", 0);
    double requests = of->costing->use->requests;
    double calls = kept_s > 0 && PRICE_HOURS * 3600 / kept_s < requests
                       ? PRICE_HOURS * 3600 / kept_s
                       : requests;

    cost_line(of, PRICE_LAMBDA_REQUESTS, calls, "its answers are kept for %s s",
              cost_decimal(kept_s).text);
    cost_line(of, function_price(of), calls * AUTHORIZER_MS / 1000 * mb / 1024,
              "%d ms each with %s MB", AUTHORIZER_MS, cost_decimal(mb).text);
}

static void cost_function(const struct costed *of) {
    const struct cost_use *use = of->costing->use;
    const json_t *authorizer = authorizer_of(of->costing, of->id);
    double mb;
    double calls;

    if (!cost_number(of, "MemorySize", 128, &mb)) {
        return;
    }
    if (authorizer != NULL) {
        cost_authorizer(of, authorizer, mb);
        return;
    }
    calls = use->requests / (double)of->costing->callee_n;
    cost_line(of, PRICE_LAMBDA_REQUESTS, calls, "%s requests a month%s",
              cost_decimal(use->requests).text,
              of->costing->callee_n > 1 ? ", shared by all functions" : "");
    cost_line(of, function_price(of), calls * use->duration_ms / 1000 * mb / 1024,
              "%s ms each with %s MB", cost_decimal(use->duration_ms).text, cost_decimal(mb).text);
    function_traces(of, calls);
    request_logs(of, calls);
}

static void data_out(const struct costed *of) {
    if (!of->costing->is_behind_cloudfront) {
        cost_line(of, PRICE_DATA_OUT, of->costing->use->transfer_gb, "all of it through here");
    }
}

static void cost_http_api(const struct costed *of) {
    const char *protocol = cost_word(of, "ProtocolType", "HTTP");

    if (protocol != NULL && strcmp(protocol, "HTTP") != 0) {
        cost_unpriced(of, "messages and connections", "how many there are is not assumed");
        return;
    }
    cost_line(of, PRICE_HTTP_API_REQUESTS, of->costing->use->requests, "%s requests a month",
              cost_decimal(of->costing->use->requests).text);
    data_out(of);
}

static void cost_rest_api(const struct costed *of) {
    cost_line(of, PRICE_REST_API_REQUESTS, of->costing->use->requests, "%s requests a month",
              cost_decimal(of->costing->use->requests).text);
    data_out(of);
}

static void cost_distribution(const struct costed *of) {
    const struct cost_use *use = of->costing->use;
    bool is_eu = strncmp(json_string_value(of->costing->region), "eu-", 3) == 0;
    double files = of->costing->has_site ? use->site_requests : 0;
    double requests = use->requests + files;

    cost_line(of, is_eu ? PRICE_CF_REQUESTS_EU : PRICE_CF_REQUESTS_US, requests,
              "%s for files and %s for the API a month", cost_decimal(files).text,
              cost_decimal(use->requests).text);
    cost_line(of, is_eu ? PRICE_CF_OUT_EU : PRICE_CF_OUT_US, use->transfer_gb,
              "%s GB a month; elsewhere it costs more", cost_decimal(use->transfer_gb).text);
}

static void cost_edge_function(const struct costed *of) {
    cost_line(of, PRICE_CF_FUNCTION, of->costing->use->site_requests,
              "called for each file of the site");
}

/* ---- What keeps data ---- */

static void cost_bucket(const struct costed *of) {
    cost_line(of, PRICE_S3_STORAGE, shared_gb(of), "%s GB in all",
              cost_decimal(of->costing->use->storage_gb).text);
}

static void cost_table(const struct costed *of) {
    const char *mode = cost_word(of, "BillingMode", "PROVISIONED");
    double reads;
    double writes;

    cost_line(of, PRICE_DYNAMODB_STORAGE, shared_gb(of), "%s GB in all",
              cost_decimal(of->costing->use->storage_gb).text);
    if (mode == NULL) {
        return;
    }
    if (cost_flag(of, "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled")) {
        cost_unpriced(of, "point-in-time recovery", "there is no price here for its backups");
    }
    if (strcmp(mode, "PAY_PER_REQUEST") == 0) {
        cost_unpriced(of, "reads and writes", "how many there are is not assumed");
        return;
    }
    if (cost_number(of, "ProvisionedThroughput.WriteCapacityUnits", 0, &writes)) {
        cost_line(of, PRICE_DYNAMODB_WCU, writes * PRICE_HOURS, "%s units",
                  cost_decimal(writes).text);
    }
    if (cost_number(of, "ProvisionedThroughput.ReadCapacityUnits", 0, &reads)) {
        cost_line(of, PRICE_DYNAMODB_RCU, reads * PRICE_HOURS, "%s units",
                  cost_decimal(reads).text);
    }
}

static bool is_priced_engine(const char *engine) {
    return strcmp(engine, "postgres") == 0 || strcmp(engine, "mysql") == 0 ||
           strcmp(engine, "mariadb") == 0;
}

static void cost_database(const struct costed *of) {
    const char *engine = cost_word(of, "Engine", "");
    const char *class = cost_word(of, "DBInstanceClass", "");
    const char *storage = cost_word(of, "StorageType", "gp2");
    bool is_twice = cost_flag(of, "MultiAZ");
    double gb;

    if (engine == NULL || class == NULL) {
        return;
    }
    if (!is_priced_engine(engine)) {
        cost_unpriced(of, "database", "there is no price here for the engine '%s'", engine);
        return;
    }
    cost_machine(of, class, is_twice ? 2 * PRICE_HOURS : PRICE_HOURS, "all month%s",
                 is_twice ? ", in two zones" : "");
    if (storage == NULL || strncmp(storage, "gp", 2) != 0) {
        cost_unpriced(of, "storage", "there is no price here for this kind of storage");
    } else if (cost_number(of, "AllocatedStorage", 0, &gb)) {
        cost_line(of, PRICE_RDS_GP, is_twice ? 2 * gb : gb, "%s GB%s", cost_decimal(gb).text,
                  is_twice ? ", in two zones" : "");
    }
}

static void cost_cache(const struct costed *of) {
    const char *class = cost_word(of, "CacheNodeType", "");
    double nodes;

    if (class != NULL && cost_number(of, "NumCacheNodes", 1, &nodes)) {
        cost_machine(of, class, nodes * PRICE_HOURS, "%s nodes all month",
                     cost_decimal(nodes).text);
    }
}

static void cost_cache_group(const struct costed *of) {
    const char *class = cost_word(of, "CacheNodeType", "");
    double clusters;

    if (class != NULL && cost_number(of, "NumCacheClusters", 1, &clusters)) {
        cost_machine(of, class, clusters * PRICE_HOURS, "%s nodes all month",
                     cost_decimal(clusters).text);
    }
}

static void cost_volume(const struct costed *of) {
    const char *kind = cost_word(of, "VolumeType", "gp2");
    double gb;

    if (kind == NULL || !cost_number(of, "Size", 0, &gb)) {
        return;
    }
    if (strcmp(kind, "gp3") != 0 && strcmp(kind, "gp2") != 0) {
        cost_unpriced(of, "volume", "there is no price here for volumes of the type '%s'", kind);
        return;
    }
    cost_line(of, strcmp(kind, "gp3") == 0 ? PRICE_EBS_GP3 : PRICE_EBS_GP2, gb, "%s GB",
              cost_decimal(gb).text);
}

static void cost_file_system(const struct costed *of) {
    cost_line(of, PRICE_EFS_STANDARD, shared_gb(of), "%s GB in all",
              cost_decimal(of->costing->use->storage_gb).text);
}

static void cost_repository(const struct costed *of) {
    cost_line(of, PRICE_ECR_STORAGE, shared_gb(of), "%s GB in all",
              cost_decimal(of->costing->use->storage_gb).text);
}

/* ---- Machines and networks ---- */

static void cost_instance(const struct costed *of) {
    const char *class = cost_word(of, "InstanceType", "m1.small");

    if (class != NULL) {
        cost_machine(of, class, PRICE_HOURS, "Linux, on demand, all month");
        cost_unpriced(of, "root volume", "its size is the image's");
    }
}

static const json_t *task_of(const struct costed *of) {
    const json_t *task = json_at(of->properties, "TaskDefinition");
    const char *name = json_str_at(task, "Ref");

    return name == NULL
               ? NULL
               : json_object_get(json_object_get(of->costing->resources, name), "Properties");
}

#define PUBLIC_IP "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp"

/* The strategy by which a service is placed: its own, or its cluster's; NULL: none. */
static const json_t *strategy_of(const struct costed *of, bool *is_unknown) {
    const json_t *own =
        cost_value(of->costing, of->properties, "CapacityProviderStrategy", is_unknown);
    const char *name = json_str_at(json_at(of->properties, "Cluster"), "Ref");
    const json_t *cluster =
        name == NULL ? NULL
                     : json_object_get(json_object_get(of->costing->resources, name), "Properties");

    return own != NULL || json_at(of->properties, "LaunchType") != NULL
               ? own
               : cost_value(of->costing, cluster, "DefaultCapacityProviderStrategy", is_unknown);
}

/* How many of the tasks are sure to run at the price on demand: all, or, where some may run on
 * Spot, the base of the strategy. */
static double on_demand_tasks(const struct costed *of, double tasks) {
    bool is_unknown = false;
    const json_t *strategy = strategy_of(of, &is_unknown);
    double base = 0;
    bool is_spot = is_unknown;
    size_t i = 0;
    json_t *item = NULL;

    json_array_foreach(strategy, i, item) {
        const char *provider = json_str_or(item, "CapacityProvider", "");

        is_spot = is_spot || strcmp(provider, "FARGATE_SPOT") == 0;
        base += strcmp(provider, "FARGATE") == 0 ? (double)json_int_or(item, "Base", 0) : 0;
    }
    if (!is_spot) {
        return tasks;
    }
    cost_unpriced(of, "tasks on Fargate Spot", "their price changes with what AWS has left");
    return base < tasks ? base : tasks;
}

/* Whether a container of the task writes to CloudWatch Logs. */
static bool has_logs(const json_t *task) {
    size_t i = 0;
    json_t *container = NULL;

    json_array_foreach(json_object_get(task, "ContainerDefinitions"), i, container) {
        if (strcmp(json_str_or(json_object_get(container, "LogConfiguration"), "LogDriver", ""),
                   "awslogs") == 0) {
            return true;
        }
    }
    return false;
}

static void task_lines(const struct costed *of, bool is_arm, double tasks, double cpu, double mb) {
    cost_line(of, is_arm ? PRICE_FARGATE_ARM_VCPU : PRICE_FARGATE_X86_VCPU,
              tasks * cpu / 1024 * PRICE_HOURS, "%s tasks all month", cost_decimal(tasks).text);
    cost_line(of, is_arm ? PRICE_FARGATE_ARM_GB : PRICE_FARGATE_X86_GB,
              tasks * mb / 1024 * PRICE_HOURS, "%s tasks all month", cost_decimal(tasks).text);
}

static void service_logs(const struct costed *of) {
    const struct costing *costing = of->costing;

    request_logs(of, costing->use->requests / (double)(costing->service_n + costing->callee_n));
}

static void cost_service(const struct costed *of) {
    const char *launch = cost_word(of, "LaunchType", "FARGATE");
    struct costed task = *of;
    const char *architecture;
    double tasks;
    double cpu;
    double mb;

    task.properties = task_of(of);
    if (launch == NULL || strcmp(launch, "FARGATE") != 0 || task.properties == NULL) {
        cost_unpriced(of, "tasks",
                      "only Fargate services with their task in the template are priced");
        return;
    }
    architecture = cost_word(&task, "RuntimePlatform.CpuArchitecture", "X86_64");
    if (!cost_number(of, "DesiredCount", 1, &tasks) || !cost_number(&task, "Cpu", 256, &cpu) ||
        !cost_number(&task, "Memory", 512, &mb)) {
        return;
    }
    task_lines(of, architecture == NULL || strcmp(architecture, "ARM64") == 0,
               on_demand_tasks(of, tasks), cpu, mb);
    if (has_logs(task.properties)) {
        service_logs(of);
    }
    const char *address = cost_word(of, PUBLIC_IP, "DISABLED");
    if (address != NULL && strcmp(address, "ENABLED") == 0) {
        cost_line(of, PRICE_PUBLIC_IPV4, tasks * PRICE_HOURS, "%s tasks all month",
                  cost_decimal(tasks).text);
    }
}

/* Express Mode makes the tasks, and, with the first such service of a network, a load balancer that
 * up to 25 of them share. Which architecture they have the template does not say: the lower price.
 * Source: Amazon ECS Developer Guide, "Express Mode services". */
static void cost_express(const struct costed *of) {
    double tasks;
    double cpu;
    double mb;

    if (!cost_number(of, "ScalingTarget.MinTaskCount", 1, &tasks) ||
        !cost_number(of, "Cpu", 1024, &cpu) || !cost_number(of, "Memory", 2048, &mb)) {
        return;
    }
    task_lines(of, true, tasks, cpu, mb);
    service_logs(of);
    cost_unpriced(of, "load balancer and public addresses",
                  "whether it shares the load balancer of another one is not known");
}

/* Insights are charged by what it measures, which the number of tasks decides. */
static void cost_tasks_cluster(const struct costed *of) {
    bool is_unknown = false;
    const json_t *settings =
        cost_value(of->costing, of->properties, "ClusterSettings", &is_unknown);
    bool is_watched = is_unknown;
    size_t i = 0;
    json_t *setting = NULL;

    json_array_foreach(settings, i, setting) {
        is_watched =
            is_watched || (strcmp(json_str_or(setting, "Name", ""), "containerInsights") == 0 &&
                           strcmp(json_str_or(setting, "Value", "disabled"), "disabled") != 0);
    }
    if (is_watched) {
        cost_unpriced(of, "Container Insights",
                      "its metrics and their logs are charged, how many "
                      "there are is not assumed");
    } else {
        json_put(of->costing->free_types, of->type, json_true());
    }
}

static void cost_nat(const struct costed *of) {
    cost_line(of, PRICE_NAT_HOUR, PRICE_HOURS, "all month");
    cost_unpriced(of, "data processed", "how much passes it is not assumed");
}

/* One address in each zone, but where one of the template's own stands, which is priced by itself.
 */
static void balancer_addresses(const struct costed *of, bool is_network) {
    const char *scheme = cost_word(of, "Scheme", "internet-facing");
    const char *addresses = cost_word(of, "IpAddressType", "ipv4");
    bool is_unknown = false;
    const json_t *subnets = cost_value(of->costing, of->properties, "Subnets", &is_unknown);
    const json_t *mappings = cost_value(of->costing, of->properties, "SubnetMappings", &is_unknown);
    size_t n = json_array_size(subnets);
    size_t i = 0;
    json_t *mapping = NULL;

    json_array_foreach(mappings, i, mapping) {
        n += json_object_get(mapping, "AllocationId") == NULL;
    }
    if (subnets == NULL && mappings == NULL) {
        n = is_network ? 1 : 2; /* an application load balancer has two zones at least */
    }
    if (scheme != NULL && addresses != NULL && strcmp(scheme, "internet-facing") == 0 &&
        strcmp(addresses, "dualstack-without-public-ipv4") != 0) {
        cost_line(of, PRICE_PUBLIC_IPV4, (double)n * PRICE_HOURS, "%zu zones all month", n);
    }
}

static void cost_balancer(const struct costed *of) {
    const char *kind = cost_word(of, "Type", "application");

    if (kind == NULL) {
        return;
    }
    if (strcmp(kind, "application") != 0 && strcmp(kind, "network") != 0) {
        cost_unpriced(of, "load balancer", "there is no price here for the type '%s'", kind);
        return;
    }
    cost_line(of, strcmp(kind, "network") == 0 ? PRICE_NLB_HOUR : PRICE_ALB_HOUR, PRICE_HOURS,
              "all month");
    balancer_addresses(of, strcmp(kind, "network") == 0);
    cost_unpriced(of, "capacity units", "how much passes it is not assumed");
    data_out(of);
}

static void cost_endpoint(const struct costed *of) {
    const char *kind = cost_word(of, "VpcEndpointType", "Gateway");
    bool is_unknown = false;
    size_t subnets =
        json_array_size(cost_value(of->costing, of->properties, "SubnetIds", &is_unknown));
    size_t zones = subnets == 0 ? 1 : subnets;

    if (kind != NULL && strcmp(kind, "Interface") == 0) {
        cost_line(of, PRICE_VPC_ENDPOINT, (double)zones * PRICE_HOURS, "%zu zones all month",
                  zones);
    }
}

static void cost_address(const struct costed *of) {
    cost_line(of, PRICE_PUBLIC_IPV4, PRICE_HOURS, "all month");
}

static void cost_cluster(const struct costed *of) {
    cost_line(of, PRICE_EKS_CLUSTER, PRICE_HOURS, "all month; its nodes are not in it");
}

/* ---- By the piece ---- */

static void cost_key(const struct costed *of) {
    cost_line(of, PRICE_KMS_KEY, 1, "one key; its requests are not in it");
}

static void cost_secret(const struct costed *of) {
    cost_line(of, PRICE_SECRET, 1, "one secret; its requests are not in it");
}

static void cost_parameter(const struct costed *of) {
    const char *tier = cost_word(of, "Tier", "Standard");

    if (tier != NULL && strcmp(tier, "Standard") != 0) {
        cost_line(of, PRICE_SSM_ADVANCED, 1, "one parameter");
    }
}

static void cost_zone(const struct costed *of) {
    cost_line(of, PRICE_HOSTED_ZONE, 1, "one zone; its queries are not in it");
}

static void cost_alarm(const struct costed *of) {
    cost_line(of, PRICE_ALARM, 1, "one metric of standard resolution");
}

static void cost_web_acl(const struct costed *of) {
    bool is_unknown = false;
    const json_t *rules = cost_value(of->costing, of->properties, "Rules", &is_unknown);

    cost_line(of, PRICE_WAF_ACL, 1, "one web ACL");
    cost_line(of, PRICE_WAF_RULE, (double)json_array_size(rules), "%zu rules",
              json_array_size(rules));
    cost_line(of, PRICE_WAF_REQUESTS, of->costing->use->requests + of->costing->use->site_requests,
              "every request");
}

static void cost_messages(const struct costed *of) {
    cost_unpriced(of, "messages", "how many there are is not assumed");
}

/* What its own template brings is charged, and that template is not at hand. */
static void cost_nested(const struct costed *of) {
    cost_unpriced(of, COST_WHOLE,
                  "what its own template brings is not read: estimate it by itself");
}

/* ---- The table ---- */

/* clang-format off */
static const struct {
    const char *type;
    void (*price)(const struct costed *of);
} type_rows[] = {
    { "AWS::Lambda::Function",                     cost_function      },
    { "AWS::Serverless::Function",                 cost_function      },
    { "AWS::ApiGatewayV2::Api",                    cost_http_api      },
    { "AWS::Serverless::HttpApi",                  cost_http_api      },
    { "AWS::ApiGateway::RestApi",                  cost_rest_api      },
    { "AWS::Serverless::Api",                      cost_rest_api      },
    { "AWS::Lambda::Url",                          data_out           },
    { "AWS::CloudFront::Distribution",             cost_distribution  },
    { "AWS::CloudFront::Function",                 cost_edge_function },
    { "AWS::S3::Bucket",                           cost_bucket        },
    { "AWS::DynamoDB::Table",                      cost_table         },
    { "AWS::RDS::DBInstance",                      cost_database      },
    { "AWS::ElastiCache::CacheCluster",            cost_cache         },
    { "AWS::ElastiCache::ReplicationGroup",        cost_cache_group   },
    { "AWS::EC2::Instance",                        cost_instance      },
    { "AWS::EC2::Volume",                          cost_volume        },
    { "AWS::EC2::NatGateway",                      cost_nat           },
    { "AWS::EC2::EIP",                             cost_address       },
    { "AWS::EC2::VPCEndpoint",                     cost_endpoint      },
    { "AWS::ElasticLoadBalancingV2::LoadBalancer", cost_balancer      },
    { "AWS::ECS::Service",                         cost_service       },
    { "AWS::ECS::ExpressGatewayService",           cost_express       },
    { "AWS::ECS::Cluster",                         cost_tasks_cluster },
    { "AWS::EKS::Cluster",                         cost_cluster       },
    { "AWS::EFS::FileSystem",                      cost_file_system   },
    { "AWS::ECR::Repository",                      cost_repository    },
    { "AWS::KMS::Key",                             cost_key           },
    { "AWS::SecretsManager::Secret",               cost_secret        },
    { "AWS::SSM::Parameter",                       cost_parameter     },
    { "AWS::Route53::HostedZone",                  cost_zone          },
    { "AWS::CloudWatch::Alarm",                    cost_alarm         },
    { "AWS::WAFv2::WebACL",                        cost_web_acl       },
    { "AWS::SQS::Queue",                           cost_messages      },
    { "AWS::SNS::Topic",                           cost_messages      },
    { "AWS::CloudFormation::Stack",                cost_nested        },
    { "AWS::CloudFormation::StackSet",             cost_nested        },
    { "AWS::Serverless::Application",              cost_nested        },
};

/* Without a charge of their own; what they lead to is charged elsewhere. A star stands for the rest. */
static const char *const free_types[] = {
    "AWS::IAM::*", "AWS::CloudFormation::*", "AWS::ApiGatewayV2::*", "AWS::ApiGateway::*", "AWS::CDK::Metadata",
    "AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::Lambda::Permission", "AWS::Lambda::EventSourceMapping", "AWS::Lambda::LayerVersion",
    "AWS::Logs::LogGroup", "AWS::Logs::LogStream", "AWS::S3::BucketPolicy",
    "AWS::CloudFront::OriginAccessControl", "AWS::CloudFront::ResponseHeadersPolicy", "AWS::CloudFront::CachePolicy", "AWS::CloudFront::OriginRequestPolicy",
    "AWS::CloudFront::VpcOrigin",
    "AWS::CloudFront::CloudFrontOriginAccessIdentity", "AWS::CertificateManager::Certificate",
    "AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::RouteTable", "AWS::EC2::Route", "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress", "AWS::EC2::InternetGateway", "AWS::EC2::VPCGatewayAttachment", "AWS::EC2::LaunchTemplate",
    "AWS::ECS::TaskDefinition", "AWS::AutoScaling::AutoScalingGroup",
    "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::RDS::DBSubnetGroup", "AWS::RDS::DBParameterGroup", "AWS::ElastiCache::SubnetGroup", "AWS::KMS::Alias", "AWS::Route53::RecordSet",
    "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::EFS::MountTarget", "AWS::SecretsManager::SecretTargetAttachment",
};
/* clang-format on */

static bool is_free_type(const char *type) {
    for (size_t i = 0; i < ARRAY_N(free_types); i++) {
        size_t n = strlen(free_types[i]);
        bool is_star = free_types[i][n - 1] == '*';

        if (is_star ? strncmp(type, free_types[i], n - 1) == 0 : strcmp(type, free_types[i]) == 0) {
            return true;
        }
    }
    return false;
}

void cost_type(const struct costed *of) {
    for (size_t i = 0; i < ARRAY_N(type_rows); i++) {
        if (strcmp(type_rows[i].type, of->type) == 0) {
            type_rows[i].price(of);
            return;
        }
    }
    if (is_free_type(of->type)) {
        json_put(of->costing->free_types, of->type, json_true());
        return;
    }
    cost_unpriced(of, COST_WHOLE, "there is no price here for this type");
}
