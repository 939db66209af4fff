/* How long `inspect` reads a repository of 5,000 files, beside the floor: listing the tree and
 * reading every file of it with plain calls.
 *
 *   inspect_bench DIR RUNS EXAMPLE   DIR must exist; the tree is made below it and removed at the
 *                                    end. EXAMPLE is a repository that is measured beside it.
 *
 * The tree: a FastAPI application of 201 modules that import each other, 1,000 Python files that it
 * does not import, 2,500 files of TypeScript, 1,300 others. Warm: the files are in the page cache,
 * which measures the program. Cold: the cache was dropped before, by /proc/sys/vm/drop_caches;
 * where that may not be written, each file is given up with POSIX_FADV_DONTNEED, which leaves names
 * and inodes in memory, and that is said. Prints rows for people, then one JSON object a line. */
#include "base/clock.h"
#include "repo/survey.h"
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MODULES = 200, ASIDE = 1000, SITE = 2500, OTHERS = 1300 };

static char *root;

static void fail(const char *what, const struct err *err) {
    fprintf(stderr, "inspect_bench: %s: %s\n", what, err->text);
    exit(1);
}

static void write_file(const char *rel, const struct buf *text) {
    CLEANUP(freep) char *path = fs_join(root, rel);
    CLEANUP(freep) char *dir = mem_strdup(path);
    struct err err = {0};
    FILE *file = NULL;

    *strrchr(dir, '/') = '\0';
    if (fs_mkdirs(dir, 0755, &err) != ERR_NONE) {
        fail(dir, &err);
    }
    file = fopen(path, "w");
    if (file == NULL || fwrite(text->ptr, 1, text->len, file) != text->len || fclose(file) != 0) {
        (void)err_errno(&err, EIO, "%s", path);
        fail("cannot write", &err);
    }
}

/* A module as people write them: imports, a model, a router with a few routes. */
static void add_module(int i, bool is_reached) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 << 16);
    char rel[80];

    buf_addf(&text, "import os\nfrom fastapi import APIRouter\nfrom pydantic import BaseModel\n");
    if (is_reached && i + 1 < MODULES) {
        buf_addf(&text, "from app.part_%d import limit as next_limit\n", i + 1);
    }
    buf_addf(&text, "\nrouter = APIRouter(prefix=\"/part-%d\")\n", i);
    buf_addf(&text, "limit = int(os.getenv(\"LIMIT_%d\", \"20\"))\n\n", i % 50);
    for (int j = 0; j < 6; j++) {
        buf_addf(
            &text,
            "\nclass Row%d(BaseModel):\n    name: str\n    amount: int = %d\n"
            "\n\n@router.get(\"/rows-%d/{row_id}\")\ndef read_%d(row_id: int, size: int = 10):\n"
            "    rows = [Row%d(name=f\"row {n}\", amount=n * %d) for n in range(size)]\n"
            "    if row_id > limit:\n        return {\"rows\": [], \"more\": False}\n"
            "    return {\"rows\": rows, \"more\": len(rows) == size}\n",
            j, j, j, j, j, j);
    }
    snprintf(rel, sizeof(rel), "backend/%s/part_%d.py", is_reached ? "app" : "tools", i);
    write_file(rel, &text);
}

static void add_application(void) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 << 16);

    buf_add_s(&text, "from fastapi import FastAPI\n");
    for (int i = 0; i < MODULES; i++) {
        buf_addf(&text, "from app import part_%d\n", i);
    }
    buf_add_s(&text, "\napp = FastAPI()\n");
    for (int i = 0; i < MODULES; i++) {
        buf_addf(&text, "app.include_router(part_%d.router, prefix=\"/api\")\n", i);
    }
    write_file("backend/app/main.py", &text);
    buf_clear(&text);
    buf_add_s(&text, "[project]\nname = \"bench\"\nrequires-python = \">=3.11\"\n"
                     "dependencies = [\"fastapi\"]\n");
    write_file("backend/pyproject.toml", &text);
    write_file("backend/uv.lock", &text);
}

static void add_site(void) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 << 16);

    buf_add_s(&text,
              "{\"scripts\":{\"build\":\"vite build\"},\"devDependencies\":{\"vite\":\"7\"}}");
    write_file("frontend/package.json", &text);
    write_file("frontend/index.html", &text);
    write_file("frontend/pnpm-lock.yaml", &text);
    for (int i = 0; i < SITE; i++) {
        char rel[80];

        buf_clear(&text);
        buf_addf(&text, "import { useState } from \"react\";\n\nexport function Part%d() {\n", i);
        for (int j = 0; j < 12; j++) {
            buf_addf(&text, "  const [value%d, setValue%d] = useState(%d);\n", j, j, j);
        }
        if (i % 25 == 0) {
            buf_addf(&text, "  void fetch(`${import.meta.env.VITE_BASE ?? \"\"}/api/part-%d`);\n",
                     i);
        }
        buf_add_s(&text,
                  "  return <button onClick={() => setValue0(value0 + 1)}>{value0}</button>;\n}\n");
        snprintf(rel, sizeof(rel), "frontend/src/parts/group%d/Part%d.tsx", i / 100, i);
        write_file(rel, &text);
    }
}

static void make_tree(void) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 << 16);

    add_application();
    add_site();
    for (int i = 0; i < MODULES; i++) {
        add_module(i, true);
    }
    for (int i = 0; i < ASIDE; i++) {
        add_module(i, false);
    }
    for (int i = 0; i < 60; i++) {
        buf_add_s(&text, "A line of a document that nobody parses.\n");
    }
    for (int i = 0; i < OTHERS; i++) {
        char rel[80];

        snprintf(rel, sizeof(rel), "notes/%d/page%d.md", i / 50, i);
        write_file(rel, &text);
    }
}

/* The floor: the same tree listed and all of its files read. */
static int64_t floor_us(void) {
    const struct fs_walk walk = {.depth_max = 24, .entry_max = 100000, .bytes_max = INT64_MAX};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    CLEANUP(fs_root_done) struct fs_root at = {0};
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 << 20);
    struct err err = {0};
    int64_t start_us = clock_mono_us();

    if (fs_root_open(root, &at, &err) != ERR_NONE ||
        fs_list_tree(&at, "", &walk, &list, &err) != ERR_NONE) {
        fail("floor", &err);
    }
    for (size_t i = 0; i < list.n; i++) {
        buf_clear(&text);
        if (list.rows[i].kind == FS_FILE &&
            fs_read_at(&at, list.rows[i].path, 1 << 20, &text, &err) != ERR_NONE) {
            fail("floor", &err);
        }
    }
    return clock_mono_us() - start_us;
}

/* Whether the kernel dropped everything. */
static bool drop_all(void) {
    int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
    bool is_done = fd >= 0 && write(fd, "3", 1) == 1;

    if (fd >= 0) {
        (void)close(fd);
    }
    return is_done;
}

static void drop_files(void) {
    const struct fs_walk walk = {.depth_max = 24, .entry_max = 100000, .bytes_max = INT64_MAX};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    CLEANUP(fs_root_done) struct fs_root at = {0};
    struct err err = {0};

    if (fs_root_open(root, &at, &err) != ERR_NONE ||
        fs_list_tree(&at, "", &walk, &list, &err) != ERR_NONE) {
        fail("drop", &err);
    }
    for (size_t i = 0; i < list.n; i++) {
        int fd = openat(at.fd, list.rows[i].path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

        if (fd >= 0) {
            (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
            (void)close(fd);
        }
    }
}

/* How the cache was emptied, for people. */
static const char *make_cold(void) {
    sync();
    if (drop_all()) {
        return "page cache, names and inodes dropped";
    }
    drop_files();
    return "files dropped by posix_fadvise; names and inodes stay in memory";
}

static int64_t survey_us(const char *path, int64_t *out_files) {
    struct err err = {0};
    json_t *survey = NULL;
    int64_t start_us = clock_mono_us();
    int64_t took_us = 0;

    if (survey_run(path, NULL, &survey, &err) != ERR_NONE) {
        fail("survey", &err);
    }
    took_us = clock_mono_us() - start_us;
    *out_files = json_int_or(survey, "read.files", 0);
    json_decref(survey);
    return took_us;
}

static int by_size(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void remove_tree(const char *dir) {
    struct fs_root at = {0};
    struct err err = {0};

    if (fs_root_open(dir, &at, &err) != ERR_NONE ||
        fs_remove_tree(&at, "inspect-bench", &err) != ERR_NONE) {
        fail("cannot clean up", &err);
    }
    fs_root_done(&at);
}

enum { RUNS_MAX = 100 };

static int64_t median_us(int64_t *rows, int n) {
    qsort(rows, (size_t)n, sizeof(rows[0]), by_size);
    return rows[n / 2];
}

/* One row: the survey beside the floor. */
static void measure(const char *name, const char *how, bool is_cold, int runs) {
    int64_t survey[RUNS_MAX];
    int64_t bottom[RUNS_MAX];
    int64_t files = 0;

    for (int i = 0; i < runs; i++) {
        how = is_cold ? make_cold() : how;
        bottom[i] = floor_us();
        how = is_cold ? make_cold() : how;
        survey[i] = survey_us(root, &files);
    }
    const double took_s = (double)median_us(survey, runs) / 1e6;
    const double floor_s = (double)median_us(bottom, runs) / 1e6;
    printf("inspect of %lld files, %s: %.3f s (median of %d), floor %.3f s\n", (long long)files,
           how, took_s, runs, floor_s);
    printf("{\"name\":\"%s\",\"value\":%.4f,\"unit\":\"s\",\"peer\":\"list-and-read\","
           "\"peer_value\":%.4f,\"ratio\":%.3f,\"runs\":%d,\"how\":\"%s\"}\n",
           name, took_s, floor_s, took_s / floor_s, runs, how);
}

static void measure_example(const char *path, int runs) {
    int64_t survey[RUNS_MAX];
    int64_t files = 0;

    for (int i = 0; i < runs; i++) {
        survey[i] = survey_us(path, &files);
    }
    const double took_ms = (double)median_us(survey, runs) / 1e3;
    printf("inspect of the example (%lld files), warm: %.1f ms (median of %d)\n", (long long)files,
           took_ms, runs);
    printf("{\"name\":\"inspect_example\",\"value\":%.2f,\"unit\":\"ms\",\"runs\":%d}\n", took_ms,
           runs);
}

int main(int argc, char **argv) {
    struct rusage usage = {0};
    int runs = argc == 4 ? (int)strtol(argv[2], NULL, 10) : 0;

    if (runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: inspect_bench DIR RUNS EXAMPLE (1 to %d runs)\n", RUNS_MAX);
        return 2;
    }
    root = fs_join(argv[1], "inspect-bench");
    make_tree();
    measure("inspect_5k_cold", "", true, runs);
    measure("inspect_5k_files", "warm", false, runs);
    measure_example(argv[3], runs);
    getrusage(RUSAGE_SELF, &usage);
    printf("peak memory of all: %.1f MB\n", (double)usage.ru_maxrss / 1024);
    printf("{\"name\":\"inspect_5k_rss\",\"value\":%.1f,\"unit\":\"MB\",\"runs\":%d}\n",
           (double)usage.ru_maxrss / 1024, runs);
    remove_tree(argv[1]);
    free(root);
    return 0;
}
