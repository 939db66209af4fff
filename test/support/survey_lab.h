/* test/support/survey_lab.h: what the tests of surveys share: folders made on the spot, fixtures,
 * and looking for a reason in an answer. Failures end the running test. */
#pragma once

#include "repo/survey.h"

/* A FastAPI application in one file. */
extern const char *const lab_app;

/* The path of a fixture of test/repos; free() it. */
char *lab_fixture(const char *name);

/* The caller decrefs. */
json_t *lab_survey(const char *root, const struct survey_options *options);

/* A new empty folder; lab_remove() removes it with all below and frees its path. */
char *lab_folder(void);
void lab_remove(char *path);

/* Writes a file below `root`, with the folders above it. */
void lab_write(const char *root, const char *rel, const char *text);

/* Whether the list "findings", "refuse" (by code) or "ask" (by field) has a row. */
bool lab_has(const json_t *survey, const char *list, const char *code);
