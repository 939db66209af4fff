/* guard/review_fixture.h: what the tests of the reviews share. */
#pragma once

#include "guard/policy.h"
#include "guard/redact/redact.h"

#define fixture_account "123456789012" /* what the templates of this program stand for */

/* A path below the folder of the sources; the caller frees. */
char *fixture_path(const char *tail);

/* The JSON of a file, its marks replaced by secrets, which no file of ours may hold; the test fails
 * where it cannot be read. */
json_t *fixture_read(const char *path);

/* Fails where one of these secrets is shown. */
void fixture_hides_secrets(const char *shown);

/* The redactor of the tests; of the process. */
const struct redactor *fixture_redactor(void);

/* A plan of this kind, and the change set that creates a template's resources. */
json_t *fixture_plan(const char *kind);
json_t *fixture_creation(const json_t *template, const char *stack);

/* The findings on a template whose one resource this is, with its data kept; takes `properties`. */
json_t *fixture_findings(const char *type, json_t *properties);

bool fixture_finds(const json_t *findings, const char *code);
