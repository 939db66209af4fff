/* guard/vault.c: given, not yet stored. */
#include "guard/vault.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct vault {
    pthread_mutex_t lock; /* over what follows */
    struct {
        char *name; /* NULL: free */
        struct secret *secret;
    } rows[VAULT_ROWS_MAX];
};

struct vault *vault_new(void) {
    struct vault *vault = mem_alloc(sizeof *vault);

    (void)pthread_mutex_init(&vault->lock, NULL);
    return vault;
}

void vault_free(struct vault *vault) {
    if (vault == NULL) {
        return;
    }
    for (size_t i = 0; i < VAULT_ROWS_MAX; i++) {
        free(vault->rows[i].name);
        secret_free(vault->rows[i].secret);
    }
    (void)pthread_mutex_destroy(&vault->lock);
    free(vault);
}

/* The row of `name`, or with NULL a free one; VAULT_ROWS_MAX when there is none. Under the lock. */
static size_t vault_row(const struct vault *vault, const char *name) {
    size_t i = 0;

    while (i < VAULT_ROWS_MAX &&
           (name == NULL ? vault->rows[i].name != NULL
                         : vault->rows[i].name == NULL || strcmp(vault->rows[i].name, name) != 0)) {
        i++;
    }
    return i;
}

enum err_code vault_put(struct vault *vault, const char *name, struct secret *secret,
                        struct err *err) {
    size_t at;

    (void)pthread_mutex_lock(&vault->lock);
    at = vault_row(vault, name);
    at = at < VAULT_ROWS_MAX ? at : vault_row(vault, NULL);
    if (at < VAULT_ROWS_MAX) {
        free(vault->rows[at].name);
        secret_free(vault->rows[at].secret);
        vault->rows[at].name = mem_strdup(name);
        vault->rows[at].secret = secret;
    }
    (void)pthread_mutex_unlock(&vault->lock);
    if (at < VAULT_ROWS_MAX) {
        return ERR_NONE;
    }
    secret_free(secret);
    return err_set(err, ERR_TOO_LARGE, "more than %d secrets wait to be stored", VAULT_ROWS_MAX);
}

bool vault_has(struct vault *vault, const char *name) {
    bool has;

    (void)pthread_mutex_lock(&vault->lock);
    has = vault_row(vault, name) < VAULT_ROWS_MAX;
    (void)pthread_mutex_unlock(&vault->lock);
    return has;
}

struct secret *vault_take(struct vault *vault, const char *name) {
    struct secret *secret = NULL;
    size_t at;

    (void)pthread_mutex_lock(&vault->lock);
    at = vault_row(vault, name);
    if (at < VAULT_ROWS_MAX) {
        secret = TAKE(vault->rows[at].secret);
        free(vault->rows[at].name);
        vault->rows[at].name = NULL;
    }
    (void)pthread_mutex_unlock(&vault->lock);
    return secret;
}
