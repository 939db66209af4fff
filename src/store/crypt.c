/* The install key, its file, and AES-256-GCM under it. */
#include "store/crypt.h"

#include "base/encode.h"
#include "base/rand.h"
#include "guard/secret.h"
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_BYTES = 32, NONCE_BYTES = 12, TAG_BYTES = 16 };

struct crypt {
    char *path; /* NULL: in memory only */
    pthread_mutex_t lock;
    struct secret *key; /* NULL until first used; never changes after */
};

struct crypt *crypt_new(const char *path) {
    struct crypt *c = mem_alloc(sizeof *c);

    c->path = mem_strdup(path);
    (void)pthread_mutex_init(&c->lock, NULL);
    return c;
}

void crypt_free(struct crypt *c) {
    if (c == NULL) {
        return;
    }
    secret_free(c->key);
    (void)pthread_mutex_destroy(&c->lock);
    free(c->path);
    free(c);
}

static struct secret *crypt_random_key(void) {
    unsigned char bytes[KEY_BYTES];
    struct secret *key;

    rand_bytes(bytes, sizeof bytes);
    key = secret_new((struct str){(const char *)bytes, sizeof bytes});
    mem_wipe(bytes, sizeof bytes);
    return key;
}

static enum err_code crypt_check_file(const struct crypt *c, int fd, struct err *err) {
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return err_errno(err, errno, "%s", c->path);
    }
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0 || st.st_uid != geteuid()) {
        err_set(err, ERR_CONFIG, "the install key %s may be read by others, so it is not used",
                c->path);
        return err_remedy(err, "chmod 600 %s, if nobody else has read it", c->path);
    }
    return ERR_NONE;
}

/* ERR_NOT_FOUND when there is no file yet. */
static enum err_code crypt_read_key(struct crypt *c, struct err *err) {
    char text[2 * KEY_BYTES + 2];
    unsigned char bytes[KEY_BYTES];
    struct err why;
    ssize_t n;
    int fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        return err_errno(err, errno, "%s", c->path);
    }
    if (crypt_check_file(c, fd, err) != ERR_NONE) {
        (void)close(fd);
        return err->code;
    }
    n = read(fd, text, sizeof text);
    (void)close(fd);
    if (n != 2 * KEY_BYTES + 1 || text[n - 1] != '\n' ||
        hex_read((struct str){text, 2 * KEY_BYTES}, bytes, KEY_BYTES, &why) != ERR_NONE) {
        mem_wipe(text, sizeof text);
        err_set(err, ERR_CORRUPT, "%s does not hold an install key", c->path);
        return err_remedy(err, "bring the file back from a backup; without it what was encrypted "
                               "is lost and old seals cannot be checked");
    }
    c->key = secret_new((struct str){(const char *)bytes, sizeof bytes});
    mem_wipe(text, sizeof text);
    mem_wipe(bytes, sizeof bytes);
    return ERR_NONE;
}

static enum err_code crypt_write_all(int fd, const char *path, struct str text, struct err *err) {
    ssize_t n = write(fd, text.ptr, text.len);

    if (n != (ssize_t)text.len || fsync(fd) != 0) {
        return err_errno(err, n >= 0 && n != (ssize_t)text.len ? ENOSPC : errno, "%s", path);
    }
    return ERR_NONE;
}

/* Two processes may make the key at once: link() lets one win, and both then read the winner's. */
static enum err_code crypt_make_file(const struct crypt *c, struct err *err) {
    CLEANUP(secret_freep) struct secret *key = crypt_random_key();
    CLEANUP(freep) char *draft = NULL;
    struct buf text = BUF_INIT(2 * KEY_BYTES + 1);
    uint64_t tag;
    enum err_code code;
    int fd;

    rand_bytes(&tag, sizeof tag);
    draft = mem_format("%s.%016llx", c->path, (unsigned long long)tag);
    fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_errno(err, errno, "%s", draft);
    }
    (void)buf_reserve(&text, 2 * KEY_BYTES + 1); /* so that no piece is left behind by growing */
    hex_add(&text, secret_str(key).ptr, KEY_BYTES);
    buf_add_c(&text, '\n');
    code = crypt_write_all(fd, draft, buf_str(&text), err);
    mem_wipe(text.ptr, text.cap);
    buf_done(&text);
    (void)close(fd);
    if (code == ERR_NONE && link(draft, c->path) != 0 && errno != EEXIST) {
        code = err_errno(err, errno, "%s", c->path);
    }
    (void)unlink(draft);
    fs_keep_name(c->path);
    return code;
}

static enum err_code crypt_load_locked(struct crypt *c, struct err *err) {
    if (c->key != NULL) {
        return ERR_NONE;
    }
    if (c->path == NULL) {
        c->key = crypt_random_key();
        return ERR_NONE;
    }
    if (access(c->path, F_OK) != 0 && errno == ENOENT && crypt_make_file(c, err) != ERR_NONE) {
        return err->code;
    }
    return crypt_read_key(c, err);
}

static enum err_code crypt_load(struct crypt *c, struct err *err) {
    enum err_code code;

    (void)pthread_mutex_lock(&c->lock);
    code = crypt_load_locked(c, err);
    (void)pthread_mutex_unlock(&c->lock);
    return code;
}

enum err_code crypt_mac(struct crypt *c, struct str purpose, struct str message, struct sha256 *out,
                        struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(purpose.len + message.len + 1);

    if (crypt_load(c, err) != ERR_NONE) {
        return err->code;
    }
    buf_add(&text, purpose);
    buf_add_c(&text, '\0');
    buf_add(&text, message);
    *out = hmac_sha256(secret_str(c->key), buf_str(&text));
    return ERR_NONE;
}

/* A new context, keyed for bodies; NULL when OpenSSL has no memory or no AES. */
static EVP_CIPHER_CTX *crypt_start(struct crypt *c, const unsigned char *nonce, bool is_encrypt) {
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    struct sha256 key = hmac_sha256(secret_str(c->key), STR("aws-copilot/body/aes-256-gcm"));

    if (ctx != NULL &&
        EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key.bytes, nonce, is_encrypt) != 1) {
        EVP_CIPHER_CTX_free(ctx);
        ctx = NULL;
    }
    mem_wipe(&key, sizeof key);
    return ctx;
}

static bool crypt_run(EVP_CIPHER_CTX *ctx, struct str aad, struct str in, unsigned char *out) {
    int n;

    return EVP_CipherUpdate(ctx, NULL, &n, (const unsigned char *)aad.ptr, (int)aad.len) == 1 &&
           EVP_CipherUpdate(ctx, out, &n, (const unsigned char *)in.ptr, (int)in.len) == 1;
}

enum err_code crypt_encrypt(struct crypt *c, struct str aad, struct str plain, struct buf *out,
                            struct err *err) {
    unsigned char nonce[NONCE_BYTES];
    unsigned char tag[TAG_BYTES];
    EVP_CIPHER_CTX *ctx;
    size_t at = out->len;
    bool is_done;
    int n;

    if (crypt_load(c, err) != ERR_NONE) {
        return err->code;
    }
    rand_bytes(nonce, sizeof nonce);
    if (plain.len > INT32_MAX || !buf_reserve(out, NONCE_BYTES + plain.len + TAG_BYTES)) {
        return err_set(err, ERR_TOO_LARGE, "a body of %zu bytes is too large to encrypt",
                       plain.len);
    }
    ctx = crypt_start(c, nonce, true);
    is_done = ctx != NULL &&
              crypt_run(ctx, aad, plain, (unsigned char *)out->ptr + at + NONCE_BYTES) &&
              EVP_CipherFinal_ex(ctx, tag, &n) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!is_done) {
        return err_set(err, ERR_DEFECT, "OpenSSL refuses to encrypt");
    }
    memcpy(out->ptr + at, nonce, NONCE_BYTES);
    memcpy(out->ptr + at + NONCE_BYTES + plain.len, tag, TAG_BYTES);
    out->len += NONCE_BYTES + plain.len + TAG_BYTES;
    out->ptr[out->len] = '\0';
    return ERR_NONE;
}

enum err_code crypt_decrypt(struct crypt *c, struct str aad, struct str sealed, struct buf *out,
                            struct err *err) {
    const size_t plain_n = sealed.len - NONCE_BYTES - TAG_BYTES;
    unsigned char tag[TAG_BYTES];
    EVP_CIPHER_CTX *ctx;
    bool is_done;
    int n;

    if (crypt_load(c, err) != ERR_NONE) {
        return err->code;
    }
    if (sealed.len < NONCE_BYTES + TAG_BYTES || plain_n > INT32_MAX ||
        !buf_reserve(out, plain_n + 1)) {
        return err_set(err, ERR_CORRUPT, "an encrypted body is cut or too long");
    }
    memcpy(tag, sealed.ptr + NONCE_BYTES + plain_n, TAG_BYTES);
    ctx = crypt_start(c, (const unsigned char *)sealed.ptr, false);
    is_done = ctx != NULL && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1 &&
              crypt_run(ctx, aad, str_slice(sealed, NONCE_BYTES, NONCE_BYTES + plain_n),
                        (unsigned char *)out->ptr + out->len) &&
              EVP_CipherFinal_ex(ctx, tag, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!is_done) {
        mem_wipe(out->ptr + out->len, plain_n); /* what failed its check is not handed out */
        err_set(err, ERR_CORRUPT,
                "an encrypted body does not open with this machine's install key");
        return err_remedy(err, "bring install.key back from a backup if it was replaced");
    }
    out->len += plain_n;
    out->ptr[out->len] = '\0';
    return ERR_NONE;
}
