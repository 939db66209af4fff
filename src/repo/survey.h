/* repo/survey.h: reads a repository and says what it is, what it needs and how it can be deployed.
 *
 * Reads only: nothing is written, run or fetched, and no path outside the root is opened, whatever
 * symbolic links say. Files, bytes, depth and time have ceilings (survey.c); passing one is a
 * finding in the answer, never a hang. Values of secrets are never in the answer, only their names.
 * Code is parsed, not searched. Blocking; any thread, one survey a call, no state in between.
 */
#pragma once

#include "base/json.h"

struct project;

struct survey_options {
    /* What the person already decided (aws-copilot.yml), or NULL. Its folders, ASGI object, health
     * path, build script and output folder replace what was found. */
    const struct project *project;

    /* The environment of `project` whose target, variables and secrets count as answers; NULL: the
     * only one, or "dev". */
    const char *env;

    /* The word for "root" in the answer; NULL means ".". */
    const char *shown_root;
};

/* Surveys the folder `root` (an absolute path, or relative to the working directory).
 *
 * Shape: one object, the one that `inspect --json` prints:
 *   {"version":1, "root":".", "name":"todo",
 *    "layout":"backend+frontend|backend|frontend|none",
 *    "backend": null or {"dir":".", "framework":"fastapi|flask|…",
 *      "asgi":{"cwd":"backend","target":"app.main:app","factory":false,"where":"backend/app/main.py:9",
 *              "others":[{"cwd","target","factory","where"}]} or null,
 *      "manager":"uv|poetry|pipenv|pip-tools|requirements|pyproject|none", "manifest":…|null,
 *      "lock":…|null, "python":">=3.11"|null, "python_hint":"3.12"|null, "extras":["ai"],
 *      "health":{"path":"/api/health"|null,"found":true},
 *      "routes":42, "route_list":[{"method":"GET","path":"/api/health","where":…}],
 *      "prefix":"/api"|null, "prefixes":["/api","/docs"], "heavy":["torch"],
 *      "dependencies":["fastapi"], "size_mb":{"zip":38,"unzipped":121} or null},
 *    "frontend": null or {"dir":"frontend","framework":"react|vue|svelte|solid|preact|…|vanilla",
 *      "bundler":"vite"|null, "manager":"pnpm|npm|yarn|yarn-berry|bun|none",
 *      "manager_version":…|null, "manifest":…, "lock":…|null, "node":">=20"|null,
 *      "script":"build"|null,
 *      "build":"pnpm run build"|null, "out":"frontend/dist", "base":"/", "assets":"assets",
 *      "api_base":{"kind":"none|same-origin|env|hardcoded|proxy-rewrite","name":…|null,"value":…|null}},
 *    "env":[{"name","required":true,"secret":true,"default":null,"where",
 *      "use":"import|lifespan|request","json":false,"example":".env.example:3" or none}],
 *    "build_env":[{"name","required","default","from":"code|file","where"}],
 *    "services":[{"kind":"postgres|mysql|sqlite|mongodb|redis|s3|dynamodb|rabbitmq|…","required":true,
 *      "via":"DATABASE_URL"|null,"where"}],
 *    "migrations":null or {"tool":"alembic|aerich|create_all|generate_schemas",
 *      "when":"manual|prestart|import|lifespan|request","where"},
 *    "realtime":[{"kind":"websocket|sse|stream","where"}], "workers":[{"kind":"celery","where"}],
 *    "writes":[{"path","when":"import|lifespan|request","where"}],
 *    "findings":[{"code","severity":"high|medium|low|info","where":…|null,"text","remedy"}],
 *    "target":{"chosen":"lambda-http|static"|null,"judged":"lambda-stream"|null,"fits":[…],
 *      "why":[{"target","reason","fits":true,"available":false}]},
 *    "outcome":"deploy|ask|refuse",
 *    "ask":[{"field":"env.DATABASE_URL","question","code","where":…|null,"otherwise"}],
 *    "refuse":[{"code","where":…|null,"text","remedy"}],
 *    "git":null or {"root":"."|"..","head":…|null,"branch":…|null,"dirty":false,
 *      "author":"NAME"|null,"remote_sha256":…|null},
 *    "read":{"files":120,"parsed":40,"bytes":91234,"ms":18,"complete":true}}
 * A build here does not see .env files: "from":"file" is a default that must be passed to it.
 * "judged" is the first target that fits; where it is not "chosen", it is not available yet.
 * Methods of "route_list" are HTTP's and ANY, WEBSOCKET, MOUNT, BUILTIN (/docs and its kind).
 * Paths are relative to the root, with '/'; "where" is PATH:LINE. Members may be added, never
 * renamed. The fields of "ask" are the keys that project_from_survey() takes as answers.
 *
 * The caller decrefs. Errors: ERR_NOT_FOUND (no such folder), ERR_INVALID (not a folder), ERR_IO,
 * ERR_UNSUPPORTED (libgit2 is not installed).
 * A repository that cannot be deployed is an answer ("outcome":"refuse"), never an error. */
MUST_CHECK enum err_code survey_run(const char *root, const struct survey_options *options,
                                    json_t **out, struct err *err);

/* Appends the curator's brief: one or two paragraphs and the list of critical files, plain text.
 * At most SURVEY_BRIEF_BYTES, about 2,000 tokens; give `out` at least that ceiling. */
enum { SURVEY_BRIEF_BYTES = 8000 };
void survey_brief(const json_t *survey, struct buf *out);

/* Appends what `inspect` shows a person: what was found, how it can be deployed, what would be
 * asked. Plain text, no colour, lines of at most 100 columns where names allow; control characters
 * are shown as '?'. At most SURVEY_TEXT_BYTES; give `out` at least that ceiling. */
enum { SURVEY_TEXT_BYTES = 64 * 1024 };
void survey_render(const json_t *survey, struct buf *out);
