/* What each type of resource is charged for: whole bills, line by line, in us-east-1. The prices
 * are those of the pages that price.def names; the sums were done by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard/price/cost.h"

/* 1M requests of 1 s and 1M files, each request writing 1 kB; 10 GB sent, 4 GB kept. */
#define USE                                                                                        \
    "{'requests':1000000,'duration_ms':1000,'site_requests':1000000,'storage_gb':4,"               \
    "'transfer_gb':10,'log_kb':1}"

#define FUNCTION(more) "{'Type':'AWS::Lambda::Function','Properties':{'MemorySize':1024" more "}}"
#define DATABASE(more)                                                                             \
    "'R':{'Type':'AWS::RDS::DBInstance','Properties':{'DBInstanceClass':'db.t4g.micro'" more "}}"
#define TASK(properties) "'T':{'Type':'AWS::ECS::TaskDefinition','Properties':{" properties "}},"
#define SERVICE(more)                                                                              \
    "'S':{'Type':'AWS::ECS::Service','Properties':{'TaskDefinition':{'Ref':'T'}" more "}}"
#define AUTHORIZER(type, uri, more)                                                                \
    ",'A':{'Type':'" type "','Properties':{'AuthorizerUri':" uri more "}}"

/* clang-format off */
static const struct {
    const char *resources; /* ' stands for " */
    const char *bill;      /* items and dollars; what is not priced; types without a charge */
} bills[] = {
    /* functions */
    { "'F':" FUNCTION(",'TracingConfig':{'Mode':'Active'}"),      "requests 0.2, duration, x86_64 16.6667, X-Ray traces recorded 0.25, log data written 0.5, log data kept 0.0045" },
    { "'F':" FUNCTION(",'TracingConfig':{'Mode':'PassThrough'}"), "requests 0.2, duration, x86_64 16.6667, log data written 0.5, log data kept 0.0045" },
    { "'F':" FUNCTION(",'Architectures':{'Ref':'Absent'}"),       "requests 0.2, duration, arm64 13.3334, log data written 0.5, log data kept 0.0045" },
    { "'F':{'Type':'AWS::Serverless::Function'}",                 "requests 0.2, duration, x86_64 2.083338, log data written 0.5, log data kept 0.0045" },
    { "'F':" FUNCTION("") ",'N':{'Condition':'Off','Type':'AWS::Lambda::Function'}", "requests 0.2, duration, x86_64 16.6667, log data written 0.5, log data kept 0.0045" },
    /* what answers for an authorizer is called for each request, or once while its answer is kept */
    { "'F':" FUNCTION("") AUTHORIZER("AWS::ApiGateway::Authorizer",   "{'Fn::Join':['',['a',{'Fn::GetAtt':['F','Arn']}]]}", ""),              "requests 0.2, duration, x86_64 0.166667; free: AWS::ApiGateway::Authorizer" },
    { "'F':" FUNCTION("") AUTHORIZER("AWS::ApiGatewayV2::Authorizer", "{'Ref':'F'}", ",'AuthorizerResultTtlInSeconds':300"),                  "requests 0.001752, duration, x86_64 0.00146; free: AWS::ApiGatewayV2::Authorizer" },
    { "'F':" FUNCTION("") AUTHORIZER("AWS::ApiGatewayV2::Authorizer", "{'Fn::Sub':'a/${F}/b'}", ",'AuthorizerResultTtlInSeconds':1"),         "requests 0.2, duration, x86_64 0.166667; free: AWS::ApiGatewayV2::Authorizer" },
    { "'F':" FUNCTION("") AUTHORIZER("AWS::ApiGatewayV2::Authorizer", "{'Fn::Sub':'a/${Other.Arn}/b'}", ",'AuthorizerResultTtlInSeconds':1"), "requests 0.2, duration, x86_64 16.6667, log data written 0.5, log data kept 0.0045; free: AWS::ApiGatewayV2::Authorizer" },
    /* what is asked, and what goes out */
    { "'A':{'Type':'AWS::ApiGatewayV2::Api'}",                                          "HTTP API requests 1, data out to the internet 0.9" },
    { "'A':{'Type':'AWS::Serverless::HttpApi'}",                                        "HTTP API requests 1, data out to the internet 0.9" },
    { "'A':{'Type':'AWS::ApiGatewayV2::Api','Properties':{'ProtocolType':'WEBSOCKET'}}", "; not priced: messages and connections" },
    { "'A':{'Type':'AWS::ApiGateway::RestApi'}",                                        "REST API requests 3.5, data out to the internet 0.9" },
    { "'A':{'Type':'AWS::Serverless::Api'}",                                            "REST API requests 3.5, data out to the internet 0.9" },
    { "'U':{'Type':'AWS::Lambda::Url'}",                                                "data out to the internet 0.9" },
    { "'U':{'Type':'AWS::Lambda::Url'},'D':{'Type':'AWS::CloudFront::Distribution'}",   "HTTPS requests, viewers in North America 1, data out, viewers in North America 0.85" },
    { "'B':{'Type':'AWS::S3::Bucket'},'D':{'Type':'AWS::CloudFront::Distribution'}",    "storage, Standard 0.092, HTTPS requests, viewers in North America 2, data out, viewers in North America 0.85" },
    /* what keeps data shares the gigabytes */
    { "'B':{'Type':'AWS::S3::Bucket'},'D':{'Type':'AWS::DynamoDB::Table'},'E':{'Type':'AWS::EFS::FileSystem'},'I':{'Type':'AWS::ECR::Repository'}",
      "storage, Standard 0.023, table storage 0.25, file storage, Standard 0.3, image storage 0.1" },
    { "'D':{'Type':'AWS::DynamoDB::Table','Properties':{'BillingMode':{'Ref':'Absent'}}}", "table storage 1; not priced: BillingMode" },
    /* databases and caches */
    { DATABASE(",'Engine':'postgres'"),                                               "db.t4g.micro 11.68" },
    { DATABASE(",'Engine':'mariadb','StorageType':'gp3','AllocatedStorage':20"),      "db.t4g.micro 11.68, database storage, gp2 or gp3 2.3" },
    { DATABASE(",'Engine':'mysql','MultiAZ':'true','AllocatedStorage':20"),           "db.t4g.micro 23.36, database storage, gp2 or gp3 4.6" },
    { DATABASE(",'Engine':'mysql','MultiAZ':'false','AllocatedStorage':'20'"),        "db.t4g.micro 11.68, database storage, gp2 or gp3 2.3" },
    { DATABASE(",'Engine':'mysql','StorageType':'io1','AllocatedStorage':20"),        "db.t4g.micro 11.68; not priced: storage" },
    { DATABASE(",'Engine':'mysql','StorageType':{'Ref':'Absent'}"),                   "db.t4g.micro 11.68; not priced: StorageType, storage" },
    { DATABASE(",'Engine':{'Ref':'Absent'}"),                                         "; not priced: Engine" },
    { "'C':{'Type':'AWS::ElastiCache::CacheCluster','Properties':{'CacheNodeType':'cache.t4g.micro'}}",                         "cache.t4g.micro 11.68" },
    { "'C':{'Type':'AWS::ElastiCache::CacheCluster','Properties':{'CacheNodeType':'cache.t4g.micro','NumCacheNodes':3}}",       "cache.t4g.micro 35.04" },
    { "'C':{'Type':'AWS::ElastiCache::CacheCluster','Properties':{'CacheNodeType':'cache.t4g.micro','NumCacheNodes':0}}",       "" },
    { "'C':{'Type':'AWS::ElastiCache::CacheCluster','Properties':{'CacheNodeType':'cache.x9.huge'}}",                           "; not priced: cache.x9.huge" },
    { "'C':{'Type':'AWS::ElastiCache::CacheCluster','Properties':{'CacheNodeType':{'Ref':'Absent'}}}",                          "; not priced: CacheNodeType" },
    { "'C':{'Type':'AWS::ElastiCache::ReplicationGroup','Properties':{'CacheNodeType':'cache.t4g.micro'}}",                     "cache.t4g.micro 11.68" },
    { "'C':{'Type':'AWS::ElastiCache::ReplicationGroup','Properties':{'CacheNodeType':'cache.t4g.micro','NumCacheClusters':2}}", "cache.t4g.micro 23.36" },
    { "'C':{'Type':'AWS::ElastiCache::ReplicationGroup','Properties':{'CacheNodeType':{'Ref':'Absent'}}}",                      "; not priced: CacheNodeType" },
    /* machines and their disks */
    { "'I':{'Type':'AWS::EC2::Instance','Properties':{'InstanceType':'t3.micro'}}",       "t3.micro 7.592; not priced: root volume" },
    { "'V':{'Type':'AWS::EC2::Volume','Properties':{'Size':10}}",                         "volume, gp2 1" },
    { "'V':{'Type':'AWS::EC2::Volume','Properties':{'SnapshotId':'s'}}",                  "" },
    { "'V':{'Type':'AWS::EC2::Volume','Properties':{'Size':10,'VolumeType':'io2'}}",      "; not priced: volume" },
    { "'V':{'Type':'AWS::EC2::Volume','Properties':{'Size':'10GB'}}",                     "; not priced: Size" },
    /* containers: a quarter of a CPU and half a GB unless they say more */
    { TASK("") SERVICE(""),                                                                      "Fargate vCPU, x86_64 7.3876, Fargate memory, x86_64 1.622425; free: AWS::ECS::TaskDefinition" },
    { TASK("'RuntimePlatform':{'CpuArchitecture':'ARM64'}") SERVICE(""),                         "Fargate vCPU, arm64 5.90935, Fargate memory, arm64 1.2994; free: AWS::ECS::TaskDefinition" },
    { TASK("'RuntimePlatform':{'CpuArchitecture':{'Ref':'Absent'}}") SERVICE(""),                "Fargate vCPU, arm64 5.90935, Fargate memory, arm64 1.2994; not priced: RuntimePlatform.CpuArchitecture; free: AWS::ECS::TaskDefinition" },
    { TASK("") SERVICE(",'DesiredCount':0"),                                                     "; free: AWS::ECS::TaskDefinition" },
    { TASK("") SERVICE(",'DesiredCount':'nan'"),                                                 "; not priced: DesiredCount; free: AWS::ECS::TaskDefinition" },
    { TASK("") SERVICE(",'LaunchType':'EC2'"),                                                   "; not priced: tasks; free: AWS::ECS::TaskDefinition" },
    { SERVICE(""),                                                                               "; not priced: tasks" },
    { TASK("") SERVICE(",'CapacityProviderStrategy':[{'CapacityProvider':'FARGATE'},{'CapacityProvider':'FARGATE_SPOT'}]"),          "; not priced: tasks on Fargate Spot; free: AWS::ECS::TaskDefinition" },
    { TASK("") SERVICE(",'CapacityProviderStrategy':[{'CapacityProvider':'FARGATE','Base':9},{'CapacityProvider':'FARGATE_SPOT'}]"), "Fargate vCPU, x86_64 7.3876, Fargate memory, x86_64 1.622425; not priced: tasks on Fargate Spot; free: AWS::ECS::TaskDefinition" },
    { TASK("") SERVICE(",'NetworkConfiguration':{'AwsvpcConfiguration':{'AssignPublicIp':{'Ref':'Absent'}}}"),
      "Fargate vCPU, x86_64 7.3876, Fargate memory, x86_64 1.622425; not priced: NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp; free: AWS::ECS::TaskDefinition" },
    { "'S':{'Type':'AWS::ECS::ExpressGatewayService'}",
      "Fargate vCPU, arm64 23.6374, Fargate memory, arm64 5.1976, log data written 0.5, log data kept 0.0045; not priced: load balancer and public addresses" },
    /* a function and a container share the requests */
    { "'F':" FUNCTION("") ",'S':{'Type':'AWS::ECS::ExpressGatewayService','Properties':{'ScalingTarget':{'MinTaskCount':0}}}",
      "requests 0.2, duration, x86_64 16.6667, log data written 0.5, log data kept 0.0045, log data written 0.25, log data kept 0.00225; not priced: load balancer and public addresses" },
    { "'C':{'Type':'AWS::ECS::Cluster','Properties':{'ClusterSettings':[{'Name':'containerInsights','Value':'disabled'},{'Name':'other','Value':'enabled'}]}}", "; free: AWS::ECS::Cluster" },
    { "'C':{'Type':'AWS::ECS::Cluster','Properties':{'ClusterSettings':{'Ref':'Absent'}}}",  "; not priced: Container Insights" },
    /* what stands before them */
    { "'L':{'Type':'AWS::ElasticLoadBalancingV2::LoadBalancer'}",                                   "application load balancer 16.425, public IPv4 address 7.3, data out to the internet 0.9; not priced: capacity units" },
    { "'L':{'Type':'AWS::ElasticLoadBalancingV2::LoadBalancer','Properties':{'Type':'network','SubnetMappings':[{'SubnetId':'a'},{'AllocationId':'e'}]}}", "network load balancer 16.425, public IPv4 address 3.65, data out to the internet 0.9; not priced: capacity units" },
    { "'L':{'Type':'AWS::ElasticLoadBalancingV2::LoadBalancer','Properties':{'Type':'gateway'}}",   "; not priced: load balancer" },
    { "'L':{'Type':'AWS::ElasticLoadBalancingV2::LoadBalancer','Properties':{'Type':{'Ref':'X'}}}", "; not priced: Type" },
    { "'E':{'Type':'AWS::EC2::VPCEndpoint'}",                                                       "" },
    { "'E':{'Type':'AWS::EC2::VPCEndpoint','Properties':{'VpcEndpointType':'Interface'}}",          "interface endpoint, per zone 7.3" },
    { "'E':{'Type':'AWS::EC2::EIP'}",                                                               "public IPv4 address 3.65" },
    { "'Z':{'Type':'AWS::Route53::HostedZone'}",                                                    "hosted zone 0.5" },
    { "'W':{'Type':'AWS::WAFv2::WebACL','Properties':{'Rules':[{},{}]}}",                           "web ACL 5, rule of a web ACL 2, requests inspected 1.2" },
    /* by the piece */
    { "'A':{'Type':'AWS::CloudWatch::Alarm'}",                                   "standard alarm 0.1" },
    { "'P':{'Type':'AWS::SSM::Parameter','Properties':{'Tier':{'Ref':'Absent'}}}", "; not priced: Tier" },
    { "'Q':{'Type':'AWS::SQS::Queue'},'T':{'Type':'AWS::SNS::Topic'}",           "; not priced: messages, messages" },
};
/* clang-format on */

static json_t *read_json(const char *quoted) {
    CLEANUP(freep) char *text = mem_strdup(quoted);
    struct err err = {0};
    json_t *json = NULL;

    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    if (json_read(str_from(text), &json, &err) != ERR_NONE) {
        fail_msg("%s: %s", err.text, text);
    }
    return json;
}

/* ", A, B" behind `before`; nothing of nothing. A row's `member`, and `more` of it; NULL: the row
 * itself. */
static void add_list(struct buf *out, const char *before, const json_t *rows, const char *member,
                     const char *more) {
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) {
        buf_add(out, str_from(i == 0 ? before : ", "));
        buf_add(out,
                str_from(member == NULL ? json_string_value(row) : json_str_or(row, member, "?")));
        buf_addf(out, "%s%s", more == NULL ? "" : " ",
                 more == NULL ? "" : json_str_or(row, more, "?"));
    }
}

static void a_bill_has_these_lines_and_says_what_is_not_on_it(void **state) {
    CLEANUP(json_decrefp) json_t *said = read_json(USE);
    struct cost_use use = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(cost_use_read(said, &use, &err), ERR_NONE);
    for (size_t i = 0; i < ARRAY_N(bills); i++) {
        CLEANUP(freep)
        char *text = mem_format("{'Conditions':{'Off':{'Fn::Equals':['a','b']}},'Resources':{%s}}",
                                bills[i].resources);
        CLEANUP(json_decrefp) json_t *template = read_json(text);
        CLEANUP(json_decrefp)
        json_t *cost = cost_of_template(template, NULL, "us-east-1", &use);
        CLEANUP(buf_done) struct buf bill = BUF_INIT(4096);

        add_list(&bill, "", json_object_get(cost, "lines"), "item", "usd");
        add_list(&bill, "; not priced: ", json_object_get(cost, "not_priced"), "what", NULL);
        add_list(&bill, "; free: ", json_object_get(cost, "free_types"), NULL, NULL);
        if (strcmp(buf_cstr(&bill), bills[i].bill) != 0) {
            fail_msg("%s\n  is     %s\n  wanted %s", bills[i].resources, buf_cstr(&bill),
                     bills[i].bill);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bill_has_these_lines_and_says_what_is_not_on_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
