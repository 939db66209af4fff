/* What a line wants: a table of patterns.
 *
 * A pattern is words one after another. "a|b" is one of them, "word?" may be missing, "..." stands
 * for up to five words, "=" at the front makes the pattern fit only a line of nothing else. Of all
 * that fit, the one that explains most words wins; one that begins a clause before one that does
 * not; then the first of the table.
 */
#include "agent/understand/understand_room.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { GAP_MAX = 5, WORD_POINTS = 10, CLAUSE_POINTS = 4, GAP_COST = 1, SLIP_COST = 6 };

/* clang-format off */
static const struct intent_row rows[] = {
    /* pattern                                          intent           verb        about */
    { "deploy",                                         INTENT_VERB,     "deploy",   "build, show what would change, ask for your yes, execute, prove it" },
    { "redeploy|deployment|publish|release|launch|rollout", INTENT_VERB,  "deploy",   NULL },
    { "spin|stand|fire|bring ... up ... stack|app|environment|copy|instance|version|deployment|preview", INTENT_VERB, "deploy", NULL },
    { "=ship it|this|app|application?",                 INTENT_VERB,     "deploy",   NULL },
    { "ship ... to|on|it",                              INTENT_VERB,     "deploy",   NULL },
    { "=ship ...",                                      INTENT_VERB,     "deploy",   NULL },
    { "go|going live",                                  INTENT_VERB,     "deploy",   NULL },
    { "want|wants|need|needs ... on|in|to|live production|prod|aws|staging|dev", INTENT_VERB, "deploy", NULL },
    { "make|get|put ... live|online|public",                INTENT_VERB,     "deploy",   NULL },
    { "put|take|bring|get|push|move|host|launch|roll|run|install|send ... to|on|onto|in|into aws|amazon|cloud|production|prod|internet|staging", INTENT_VERB, "deploy", NULL },
    { "put|get|bring|take ... up|online",                          INTENT_VERB,     "deploy",   NULL },
    { "launch|host ... app|application|it|this|site|project", INTENT_VERB, "deploy", NULL },
    { "update|refresh|upgrade ... prod|production|staging|dev|app|site|stack|deployment|application|development", INTENT_VERB, "deploy", NULL },
    { "need|want ... copy|instance|preview|stack|environment ... on|in|for|of", INTENT_VERB, "deploy", NULL },
    { "new|latest|current version|build|release|code to|on|in|for", INTENT_VERB, "deploy", NULL },
    { "get|bring|take ... code|changes|branch|work to|on|onto|into|live", INTENT_VERB, "deploy", NULL },
    { "roll|push ... out",                              INTENT_VERB,     "deploy",   NULL },
    { "push ... changes|update|code|build|branch|commit|work|version", INTENT_VERB,     "deploy",   NULL },
    { "set up ... on|in aws|amazon|cloud",              INTENT_VERB,     "deploy",   NULL },
    { "=try|do|run it? again",                          INTENT_VERB,     "deploy",   NULL },
    { "=retry",                                         INTENT_VERB,     "deploy",   NULL },
    { "=start over|again",                              INTENT_VERB,     "deploy",   NULL },
    { "deploy same as|again",                           INTENT_VERB,     "deploy",   NULL },
    { "deploy ... new|latest|current version|code|build|changes", INTENT_VERB, "deploy", NULL },

    { "plan",                                           INTENT_VERB,     "plan",     "the same up to the change set; executes nothing" },
    { "preview|diff",                                   INTENT_VERB,     "plan",     NULL },
    { "simulate|rehearse",                              INTENT_VERB,     "plan",     NULL },
    { "diff ... of|against|between|with|to",            INTENT_VERB,     "plan",     NULL },
    { "what are you going to modify|change|touch|do|create|delete|replace|update", INTENT_VERB, "plan", NULL },
    { "what ... you|it|this ... modify|touch|create|delete|replace", INTENT_VERB, "plan", NULL },
    { "no|not|without ... deployment|deploy ... just|only ... show|plan|changes", INTENT_VERB, "plan", NULL },
    { "dry run ... on|for|of|to|in|against",            INTENT_VERB,     "plan",     NULL },
    { "would|will|does|could|might ... deploy|deployment|release ... replace|delete|change|break|touch|recreate|remove|affect", INTENT_VERB, "plan", NULL },
    { "dry run",                                        INTENT_VERB,     "plan",     NULL },
    { "dry-run",                                        INTENT_VERB,     "plan",     NULL },
    { "what ... would|will|happen|happens|change|changes if|when i|we|you ... deploy|ship|run|do", INTENT_VERB, "plan", NULL },
    { "what ... would|will|does|do|going ... change|happen|be", INTENT_VERB, "plan", NULL },
    { "what would|will|does ... deploy|deployment|release ... do|change|touch|replace", INTENT_VERB, "plan", NULL },
    { "what change|changed",                            INTENT_VERB,     "plan",     NULL },
    { "what is|are going to change|happen",             INTENT_VERB,     "plan",     NULL },
    { "what|which changes|difference|resources would|will|are", INTENT_VERB, "plan", NULL },
    { "show|see|list|tell ... changes|change",          INTENT_VERB,     "plan",     NULL },
    { "show|see|tell ... what ... would|will|do|deploy|change", INTENT_VERB, "plan", NULL },
    { "show|see|check|review|look ... before ... deploy|doing|do|touch|touching|apply|change|changing|execute|anything", INTENT_VERB, "plan", NULL },
    { "without deploy|executing|applying|changing",     INTENT_VERB,     "plan",     NULL },
    { "plan ... deploy|deployment",                     INTENT_VERB,     "plan",     NULL },
    { "make|draft|create|prepare|show|give ... plan",   INTENT_VERB,     "plan",     NULL },

    { "status",                                         INTENT_VERB,     "status",   "what runs now" },
    { "status of|for ... deploy|deployment|app|stack|it", INTENT_VERB,   "status",   NULL },
    { "what is ... running|deployed|live",              INTENT_VERB,     "status",   NULL },
    { "anything|something ... running|deployed|live|up", INTENT_VERB,    "status",   NULL },
    { "check ... whether|if it|app|application|site|stack|dev|prod|staging|production|everything ... running|up|healthy|ok|okay|alive|live|works|reachable", INTENT_VERB, "status", NULL },
    { "what runs|run",                                  INTENT_VERB,     "status",   NULL },
    { "what|which version|release|build is|runs",   INTENT_VERB,     "status",   NULL },
    { "is|are|has ... running|up|live|online|down|healthy|working|ok|okay|alive|reachable|responding|deployed|done|finished", INTENT_VERB, "status", NULL },
    { "did|has ... deploy|deployment ... work|worked|succeed|finish|finished|go|gone|been|done|succeeded", INTENT_VERB, "status", NULL },
    { "did|has it|this|everything work|worked|succeed|finish|go",  INTENT_VERB, "status", NULL },
    { "how is ... deploy|deployment|app|it|stack|production|going|doing", INTENT_VERB, "status", NULL },
    { "how are things|we",                              INTENT_VERB,     "status",   NULL },
    { "check on",                                       INTENT_VERB,     "status",   NULL },
    { "check ... health|state|status|app|stack",     INTENT_VERB,     "status",   NULL },
    { "state|health of",                                INTENT_VERB,     "status",   NULL },

    { "outputs|output",                                 INTENT_VERB,     "outputs",  "the address, and what else the stack gives out" },
    { "url|address|link|endpoint",                      INTENT_VERB,     "outputs",  NULL },
    { "what|which address|url|link|domain is|are|does|can|do", INTENT_VERB, "outputs", NULL },
    { "what|which is|are ... url|address|link|endpoint|domain", INTENT_VERB, "outputs", NULL },
    { "give|show|tell|send|need ... url|address|link|endpoint", INTENT_VERB, "outputs", NULL },
    { "where is|can|do ... app|it|site|running|live|deployed|reach|find|open|see|hosted|reachable", INTENT_VERB, "outputs", NULL },
    { "open ... app|site|it|browser",                   INTENT_VERB,     "outputs",  NULL },

    { "logs|log",                                       INTENT_VERB,     "logs",     "what the application wrote in the last hour; \"of the last 2 days\", \"follow\"" },
    { "show|see|get|tail|follow|stream|read|print|view|fetch|give|look ... logs|log", INTENT_VERB, "logs", NULL },
    { "only|just ... errors|exceptions|warnings",       INTENT_VERB,     "logs",     NULL },
    { "errors|exceptions|warnings only|since|in|from|of|within|during", INTENT_VERB, "logs", NULL },
    { "keep ... streaming|following|tailing",           INTENT_VERB,     "logs",     NULL },
    { "what ... log|logs|print|write|wrote|say|says",   INTENT_VERB,     "logs",     NULL },
    { "any|show|see|which|what|are ... errors|exceptions|error|exception|tracebacks|warnings", INTENT_VERB, "logs", NULL },

    { "why",                                            INTENT_WHY,      NULL,       "explains each change of the last change set, or why the last run failed" },
    { "why ... fail|failed|failing|broken|break|broke|crash|crashed|error|wrong|stopped|stop|roll|rolled|refused|refuse|rejected|down", INTENT_WHY, NULL, NULL },
    { "why ... deploy|deployment ... fail|not|stop|wrong|broken|rolled|roll|refused", INTENT_WHY, NULL, NULL },
    { "why ... not ... work|working|deploy|deployed|start|run|succeed|finish|go|answer", INTENT_WHY, NULL, NULL },
    { "why ... deploy|deployment|stack|update|change|replace|replaced|delete|deleted|need|create|role|bucket", INTENT_WHY, NULL, NULL },
    { "what ... went|go|goes|gone wrong",               INTENT_WHY,      NULL,       NULL },
    { "what ... happened",                              INTENT_WHY,      NULL,       NULL },
    { "what|which ... is|was ... error|problem|cause|reason|failure", INTENT_WHY, NULL, NULL },
    { "what ... caused|broke|failed",                   INTENT_WHY,      NULL,       NULL },
    { "how come",                                       INTENT_WHY,      NULL,       NULL },
    { "explain",                                        INTENT_WHY,      NULL,       NULL },
    { "explain ... failure|error|fail|failed|change|changes|happened|deploy|deployment|why", INTENT_WHY, NULL, NULL },
    { "reason ... failure|failed|fail|error",           INTENT_WHY,      NULL,       NULL },
    { "deploy|deployment|it|build ... failed ... why|what", INTENT_WHY,  NULL,       NULL },

    { "seen ... before|already|earlier",                INTENT_RECALL, NULL, NULL },
    { "have|did|has|was ... seen|see|had|happen|happened|hit|met ... before|earlier|already", INTENT_RECALL, NULL, "\"have we seen this before?\": what went wrong here earlier, found by meaning" },
    { "did ... happen ... before|already|earlier|once|us", INTENT_RECALL, NULL, NULL },
    { "has|have anybody|anyone|somebody|we|you|i ... run|seen|hit|met|had|come|encountered ... before|earlier|already|this|into|across", INTENT_RECALL, NULL, NULL },
    { "did not|have not we have|had|see|seen ... same|this ... problem|error|issue|failure", INTENT_RECALL, NULL, NULL },
    { "is|was this|that|it ... known|familiar|old ... problem|error|issue|failure?", INTENT_RECALL, NULL, NULL },
    { "look|looks|sounds|seems familiar",               INTENT_RECALL,   NULL,       NULL },
    { "same|this ... problem|error|issue|failure ... before|again|last|earlier", INTENT_RECALL, NULL, NULL },
    { "any|what ... notes|lessons|record|experience|memory ... on|about|of|with", INTENT_RECALL, NULL, NULL },
    { "how did|have we|i|you ... fix|fixed|solve|solved|resolve|resolved", INTENT_RECALL, NULL, NULL },
    { "what did|have we|i|you learn|learnt|learned|do|done ... about|last|time|when|with", INTENT_RECALL, NULL, NULL },
    { "do|can you|we remember|recall",                  INTENT_RECALL,   NULL,       NULL },
    { "remember|recall ... problem|error|failure|issue|last|time|when", INTENT_RECALL, NULL, NULL },

    { "history|releases",                               INTENT_VERB,     "history",  "releases and sessions" },
    { "list|show|which|what ... releases|versions|deployments|sessions", INTENT_VERB, "history", NULL },
    { "list|show|which|what ... past|previous|earlier|last|old|recent|all deploy|deployments|releases|versions|runs|sessions", INTENT_VERB, "history", NULL },
    { "what did|have ... release|released|deploy|deployed|ship|shipped ... past|last|before|recently|lately|week|month|so", INTENT_VERB, "history", NULL },
    { "when|who ... deployed|deploy|released|release",  INTENT_VERB, "history",  NULL },
    { "when was|did ... last ... deploy|deployed|deployment|release", INTENT_VERB, "history", NULL },

    { "inspect|analyze|analyse|scan|survey",            INTENT_VERB,     "inspect",  "what is in this repository" },
    { "look at|into|through ... repository|repo|code|project|folder|directory|app|application", INTENT_VERB, "inspect", NULL },
    { "check|examine|read|understand ... repository|repo|code|project", INTENT_VERB, "inspect", NULL },
    { "what is here",                                   INTENT_VERB,     "inspect",  NULL },
    { "what is in ... repository|repo|project|folder|here|directory", INTENT_VERB, "inspect", NULL },
    { "what ... find|found|see|detect|detected ... here|repository|repo|project|code|this?", INTENT_VERB, "inspect", NULL },
    { "can|could|will|is ... this|it|app|project|repo|repository ... be ... deployed|deployable|hosted", INTENT_VERB, "inspect", NULL },
    { "what ... missing|need|needs|required|require ... deploy|run|app|here|configured|set|it", INTENT_VERB, "inspect", NULL },

    { "init",                                           INTENT_VERB,     "init",     "write aws-copilot.yml" },
    { "write|create|generate|make|initialize|initialise ... aws-copilot.yml|config|configuration|yml|yaml|project", INTENT_VERB, "init", NULL },
    { "bootstrap",                                      INTENT_VERB,     "bootstrap","artifact bucket and roles, once per account and region" },
    { "get|make|have ... account|region ... ready|prepared", INTENT_VERB, "bootstrap", NULL },
    { "prepare|initialize|initialise|set ... account|region ...", INTENT_VERB, "bootstrap", NULL },

    { "destroy",                                        INTENT_VERB,     "destroy",  "delete the stack, after your yes" },
    { "delete|remove|wipe|drop|kill|erase everything|stack|app|application|it|deployment|environment|all|site|infrastructure|resources|this", INTENT_VERB, "destroy", NULL },
    { "delete|remove|wipe|drop|erase ... stack|app|application|deployment|environment|infrastructure|resources|everything|aws", INTENT_VERB, "destroy", NULL },
    { "tear|take|bring|shut ... down",                  INTENT_VERB,     "destroy",  NULL },
    { "get rid of",                                     INTENT_VERB,     "destroy",  NULL },
    { "clean ... up ...",                               INTENT_VERB,     "destroy",  NULL },
    { "undeploy|teardown",                              INTENT_VERB,     "destroy",  NULL },

    { "roll back",                                      INTENT_VERB,     "rollback", "back to an earlier release, as a planned change" },
    { "roll ... back",                                  INTENT_VERB,     "rollback", NULL },
    { "roll back ... release|version|deployment|deploy|last|previous|to", INTENT_VERB, "rollback", NULL },
    { "restore",                                        INTENT_VERB,     "rollback", NULL },
    { "need|want ... version|release|build|one ... back", INTENT_VERB,   "rollback", NULL },
    { "revert|undo",                                    INTENT_VERB,     "rollback", NULL },
    { "revert|undo ... deploy|deployment|release|change|changes|last|that|it", INTENT_VERB, "rollback", NULL },
    { "go|switch|return|change ... back to ... version|release|previous|last|earlier|old|yesterday|before|one|build", INTENT_VERB, "rollback", NULL },
    { "restore|bring|put ... old|previous|last|earlier|prior version|release|one|build|deployment|deploy", INTENT_VERB, "rollback", NULL },
    { "want|need|give|use ... previous|old|earlier|prior version|release|build ... back?", INTENT_VERB, "rollback", NULL },

    { "recover",                                        INTENT_VERB,     "recover",  "get a stack out of a stuck state" },
    { "repair|fix|unstick|rescue|unblock ... stack|deployment|deploy|it|app", INTENT_VERB, "recover", NULL },
    { "stack|deployment|deploy|it is|got|seems|looks ... stuck|hung|blocked", INTENT_VERB, "recover", NULL },
    { "hang|hangs|hanging|sits|stands ... in|at ... rollback_complete|rollback_failed|update_rollback_failed|delete_failed|create_failed|update_failed|review_in_progress", INTENT_VERB, "recover", NULL },
    { "rollback_complete|rollback_failed|update_rollback_failed|delete_failed|create_failed|update_failed", INTENT_VERB, "recover", NULL },
    { "get ... out of ... rollback|failed|stuck|mess|state|rollback_complete", INTENT_VERB, "recover", NULL },
    { "stack|deployment|deploy|update|it ... hang|hangs|hanging|frozen|unstuck", INTENT_VERB, "recover", NULL },
    { "get ... unstuck|unblocked",                      INTENT_VERB,     "recover",  NULL },
    { "stuck ...",                                      INTENT_VERB,     "recover",  NULL },
    { "drift",                                          INTENT_VERB,     "drift",    "what somebody changed by hand" },
    { "somebody|someone|anyone|anybody|who|what ... changed|change|edited|touched|modified ... hand|manually|console|outside", INTENT_VERB, "drift", NULL },
    { "somebody|someone|anyone|anybody ... fiddled|tampered|messed|tinkered|clicked", INTENT_VERB, "drift", NULL },
    { "match|matches|differ|differs|deviate|same ... template|template|code|file", INTENT_VERB, "drift", NULL },
    { "changed|modified|edited|touched|clicked ... by? hand|console|manually", INTENT_VERB, "drift", NULL },

    { "cost|price|bill|estimate|pricing|expensive|cheap|spend|budget", INTENT_VERB, "estimate", "what it costs a month, at least" },
    { "how much|expensive",                             INTENT_VERB,     "estimate", NULL },
    { "how much ... cost|pay|spend|charge|money|month|run", INTENT_VERB, "estimate", NULL },
    { "what|how ... cost|costs|pay|price|charged ... month|me|us|run|aws|it|this|that?", INTENT_VERB, "estimate", NULL },
    { "cost|price|estimate of|for ... deploy|deployment|stack|app|it|this|running|month", INTENT_VERB, "estimate", NULL },

    { "set|store|add|save|create|change|update|rotate|put|enter|provide ... secret", INTENT_VERB, "secrets set", "store a secret; its value is asked for without being shown" },
    { "remove|delete|drop|forget ... secret",           INTENT_VERB,     "secrets rm", "remove a secret, after your yes" },
    { "secrets",                                        INTENT_VERB,     "secrets ls", "which secrets there are, and which are missing" },
    { "list|show|which|what ... secrets",               INTENT_VERB,     "secrets ls", NULL },
    { "environments",                                   INTENT_VERB,     "env ls",   "which environments there are" },
    { "list|show|which|what ... environments|envs",     INTENT_VERB,     "env ls",   NULL },
    { "approvals",                                      INTENT_VERB,     "approvals","what waits for a yes" },
    { "what|anything ... wait|waits|waiting|pending ... approval|approvals|yes|me|approved?", INTENT_VERB, "approvals", NULL },
    { "pending|open|waiting approval|approvals|plans",  INTENT_VERB,     "approvals",NULL },
    { "audit",                                          INTENT_VERB,     "audit",    "who decided what" },
    { "who ... approved|approve|decided|changed|did",   INTENT_VERB,     "audit",    NULL },
    { "doctor|diagnose|diagnostics",                    INTENT_VERB,     "doctor",   "what is wrong with this machine or account" },
    { "what is wrong with|here|on ... machine|account|setup|computer|credentials|permissions|me?", INTENT_VERB, "doctor", NULL },
    { "what is wrong",                                  INTENT_VERB,     "doctor",   NULL },
    { "check|test|verify ... credentials|permissions|machine|prerequisites|tools|installation|access|setup|laptop|computer", INTENT_VERB, "doctor", NULL },
    { "is|are ... credentials|machine|tools|everything|aws ... valid|ok|okay|right|set|ready|working|installed|configured", INTENT_VERB, "doctor", NULL },
    { "unlock",                                         INTENT_VERB,     "unlock",   "whose lock it is, and how to take it away" },
    { "somebody|someone ... hold|holds|holding|has|got ... lock", INTENT_VERB, "unlock", NULL },
    { "remove|break|release|clear|take ... lock",       INTENT_VERB,     "unlock",   NULL },
    { "who|whose|what ... lock|locked|locks|holds|holding", INTENT_VERB, "unlock",   NULL },

    { "=yes|y|ok|okay|sure|yep|yeah|correct|right|confirmed|agreed|absolutely|approve|approved|accept", INTENT_YES, NULL, NULL },
    { "=yes|ok|okay|sure|yep|yeah|right|alright go|do|that|it|looks|sounds ahead|it|good|right|fine|correct?", INTENT_YES, NULL, NULL },
    { "=go|do ahead|it",                                INTENT_YES,      NULL,       NULL },
    { "=looks|sounds|all good|fine|right|great",        INTENT_YES,      NULL,       NULL },
    { "=i approve|agree|accept|confirm it|this|that|change|changes?", INTENT_YES, NULL, NULL },
    { "=no|n|nope|nah",                                 INTENT_NO,       NULL,       NULL },
    { "=no thanks|thank|way|not|never you|yet?",        INTENT_NO,       NULL,       NULL },
    { "=not yet|today|that|this|thanks|right|ready",    INTENT_NO,       NULL,       NULL },
    { "never mind|nevermind ... forget|cancel|stop",    INTENT_CANCEL,   NULL,       NULL },
    { "never mind|nevermind",                           INTENT_NO,       NULL,       NULL },
    { "=nevermind",                                     INTENT_NO,       NULL,       NULL },
    { "=reject|decline|forget it|that|this?",           INTENT_NO,       NULL,       NULL },

    { "resume",                                         INTENT_RESUME,   NULL,       "goes on with what is open" },
    { "=continue|proceed|attach ...",                   INTENT_RESUME,   NULL,       NULL },
    { "=go on ...",                                     INTENT_RESUME,   NULL,       NULL },
    { "continue|carry|pick|go ... where ... left|stopped|were|was", INTENT_RESUME, NULL, NULL },
    { "continue|resume|finish ... deploy|deployment|session|run|last|earlier|plan", INTENT_RESUME, NULL, NULL },
    { "pick|carry ... up|on",                           INTENT_RESUME,   NULL,       NULL },

    { "cancel|abort",                                   INTENT_CANCEL,   NULL,       "at a question: stops the run" },
    { "cancel|abort|stop|halt|interrupt|kill ... deploy|deployment|run|this|that|it|everything|update|rollout|now", INTENT_CANCEL, NULL, NULL },
    { "=stop|halt ...",                                 INTENT_CANCEL,   NULL,       NULL },

    { "help",                                           INTENT_HELP,     NULL,       "this list" },
    { "what ... can|could|do|able|know you|do ... do|for|help", INTENT_HELP, NULL,   NULL },
    { "what are ... options|commands|verbs",            INTENT_HELP,     NULL,       NULL },
    { "how do|does|can|could|should|would|to i|we|you|this|it|one|get ... deploy|start|started|begin|use|work|works|do|go|set|change|see|add|delete|talk", INTENT_HELP, NULL, NULL },
    { "how to",                                         INTENT_HELP,     NULL,       NULL },
    { "where|how do|can|should i|we start|begin",       INTENT_HELP,     NULL,       NULL },
    { "who|what are you",                               INTENT_HELP,     NULL,       NULL },
    { "=commands|options|menu",                         INTENT_HELP,     NULL,       NULL },
    { "=quit|exit|bye|goodbye|leave|done",              INTENT_QUIT,     NULL,       "ends the conversation; so does Ctrl-D" },
    { "bye|goodbye",                                    INTENT_QUIT,     NULL,       NULL },
    { "=good bye",                                      INTENT_QUIT,     NULL,       NULL },
    { "=that is|was all|it for? today|thanks|thank?",   INTENT_QUIT,     NULL,       NULL },
    { "=i am done|finished|leaving ...",                INTENT_QUIT,     NULL,       NULL },
    { "=hello|hi|hey|greetings|howdy|moin|servus there|copilot?", INTENT_GREETING, NULL, NULL },
    { "=good morning|afternoon|evening|day",            INTENT_GREETING, NULL,       NULL },
    { "=thanks|thank you?",                             INTENT_GREETING, NULL,       NULL },
    { "=thanks|thank ... ",                             INTENT_GREETING, NULL,       NULL },
};

static const struct { enum intent intent; const char *name; } names[] = {
    { INTENT_UNKNOWN, "unknown" }, { INTENT_OFF_TOPIC, "off_topic" }, { INTENT_VERB, "verb" },
    { INTENT_CHANGE, "change" },   { INTENT_YES, "yes" },             { INTENT_NO, "no" },
    { INTENT_WHY, "why" },              { INTENT_RECALL, "recall" },         { INTENT_RESUME, "resume" },       { INTENT_CANCEL, "cancel" },
    { INTENT_HELP, "help" },       { INTENT_QUIT, "quit" },           { INTENT_GREETING, "greeting" },
};

/* Words of this program's matter that no pattern needs to have. */
static const char *const ours[] = {
    "aws", "stack", "app", "application", "deploy", "region", "account", "environment", "release", "version", "server",
    "lambda", "bucket", "cloudformation", "cloudfront", "s3", "fastapi", "vite", "backend", "frontend", "database", "secret",
    "variable", "repository", "repo", "code", "build", "site", "website", "api", "endpoint", "prod", "production", "staging",
    "dev", "profile", "role", "permission", "credentials", "log", "cost", "change", "rollback", "python", "node", "docker",
    "domain", "certificate", "cluster", "instance", "infrastructure", "cloud", "approval", "plan", "template", "config",
};
/* clang-format on */

const struct intent_row *intent_rows(size_t *out_n) {
    *out_n = ARRAY_N(rows);
    return rows;
}

const struct intent_row *intent_row_of(const char *verb) {
    size_t i = 0;

    while (rows[i].verb == NULL || strcmp(rows[i].verb, verb) != 0) {
        i++;
    }
    return &rows[i];
}

const char *intent_name(enum intent intent) {
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        if (names[i].intent == intent) {
            return names[i].name;
        }
    }
    return "unknown";
}

/* ---- Patterns ---- */

struct match {
    const struct words *words;
    bool is_whole;
    int best;     /* of all ways to fit here; -1: none */
    bool is_slip; /* the best one needs a word that is misspelt */
};

/* Whether the word is one of the token's; `*points` is lowered for a slip. */
static bool token_is(struct str token, const char *word, int *points) {
    struct str piece = {0};
    bool is_found = false;
    bool is_exact_found = false;

    while (!is_exact_found && str_next(&token, '|', &piece)) {
        char wanted[WORD_BYTES_MAX];
        bool is_exact = false;

        (void)snprintf(wanted, sizeof wanted, STR_FMT, STR_ARG(piece));
        if (word_is(word, wanted, &is_exact)) {
            is_found = true;
            is_exact_found = is_exact;
        }
    }
    *points = is_exact_found ? WORD_POINTS : WORD_POINTS - SLIP_COST;
    return is_found;
}

static void pattern_walk(struct match *match, struct str rest, size_t at, int score, bool is_slip);

/* Words that the pattern does not name; of another clause one at most, for what it says belongs to
 * that clause. */
static void pattern_walk_gap(struct match *match, struct str rest, size_t at, int score,
                             bool is_slip) {
    for (size_t gap = 0; gap <= GAP_MAX && at + gap <= match->words->n; gap++) {
        if (gap > 1 && !match->is_whole && match->words->rows[at + gap - 1].begins_clause) {
            return;
        }
        pattern_walk(match, rest, at + gap, score - (int)gap * GAP_COST, is_slip);
    }
}

static void pattern_walk(struct match *match, struct str rest, size_t at, int score, bool is_slip) {
    struct str token = {0};
    bool is_optional;
    int points = 0;

    if (!str_next(&rest, ' ', &token) || token.len == 0) {
        if ((!match->is_whole || at >= match->words->n) && score > match->best) {
            match->best = score;
            match->is_slip = is_slip;
        }
        return;
    }
    if (str_eq(token, STR("..."))) {
        pattern_walk_gap(match, rest, at, score, is_slip);
        return;
    }
    is_optional = str_ends(token, STR("?"));
    if (is_optional) {
        token.len--;
        pattern_walk(match, rest, at, score, is_slip);
    }
    if (at < match->words->n && match->words->rows[at].used_by != SLOT_TTL &&
        token_is(token, match->words->rows[at].lower, &points)) {
        pattern_walk(match, rest, at + 1, score + points, is_slip || points < WORD_POINTS);
    }
}

/* Whether the words before `at`, in its clause, forbid what follows. */
static bool is_forbidden(const struct words *words, size_t at) {
    static const char *const forbidding[] = {"not", "never", "without", "avoid"};
    size_t back = 0;

    while (back < 4 && at > back && !words->rows[at - back].begins_clause) {
        back++;
        if (word_is_listed(words->rows[at - back].lower, forbidding, ARRAY_N(forbidding))) {
            return true;
        }
    }
    return false;
}

/* Whether only words stand before `at` that lead to a request: "can you", "I want to". */
static bool begins_request(const struct words *words, size_t at) {
    static const char *const leading[] = {
        "can",  "could", "will", "would",  "you", "i",     "we",    "want", "need",
        "like", "to",    "let",  "us",     "me",  "go",    "ahead", "and",  "then",
        "time", "ready", "ok",   "okay",   "yes", "hi",    "hello", "wish", "love",
        "try",  "help",  "must", "should", "am",  "going", "it",    "is"};

    while (at > 0 && !words->rows[at].begins_clause) {
        at--;
        if (!word_is_listed(words->rows[at].lower, leading, ARRAY_N(leading))) {
            return false;
        }
    }
    return true;
}

/* The points of the row's best place in the line; -1: it fits nowhere. `*forbids` when it fits
 * only where the speaker forbids it, `*is_slip` when a word of it is misspelt. */
static int row_points(const struct intent_row *row, const struct words *words, bool *forbids,
                      bool *is_slip) {
    struct str pattern = str_from(row->pattern);
    bool is_whole = str_starts(pattern, STR("="));
    int best = -1;

    *forbids = false;
    pattern = is_whole ? str_slice(pattern, 1, pattern.len) : pattern;
    for (size_t at = 0; at < words->n; at++) {
        struct match match = {.words = words, .is_whole = is_whole, .best = -1};

        pattern_walk(&match, pattern, at, 0, false);
        if (match.best >= 0 && row->intent == INTENT_VERB && is_forbidden(words, at)) {
            *forbids = true;
        } else if (match.best > 0) {
            int points = match.best + (begins_request(words, at) ? CLAUSE_POINTS : 0);

            *is_slip = points > best ? match.is_slip : *is_slip;
            best = points > best ? points : best;
        }
        if (is_whole) {
            break;
        }
    }
    return best;
}

void intent_read(const struct words *words, struct understood *out) {
    int best = 0;
    bool forbids_any = false;

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        bool forbids = false;
        bool is_slip = false;
        int points = row_points(&rows[i], words, &forbids, &is_slip);

        forbids_any = forbids_any || forbids;
        if (points > best) {
            best = points;
            out->row = &rows[i];
            out->intent = rows[i].intent;
            out->is_slip = is_slip;
        }
    }
    if (out->row == NULL && forbids_any) {
        out->intent = INTENT_NO;
    }
}

bool intent_is_ours(const struct words *words) {
    for (size_t w = 0; w < words->n; w++) {
        for (size_t i = 0; i < ARRAY_N(ours); i++) {
            bool is_exact = false;

            if (word_is(words->rows[w].lower, ours[i], &is_exact)) {
                return true;
            }
        }
    }
    return false;
}
