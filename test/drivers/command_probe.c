/* Judges command lines, for test/e2e/test_commands.py and for whoever wants to know.
 *
 *   command_probe script   each line of the input is a JSON string, the text of `sh -c`; each line
 * of the output {"class","reason","parts":[[word,...],...]}: the class without the floor that a
 * shell puts under it, and what would be executed; "parts" is null where the text is not read
 *   command_probe argv     each line of the input is a JSON array, an argv; {"class","reason"}
 *   command_probe time N   judges its input's argvs N times: {"name","value","unit","runs"}, the
 *                          median of all, in us of CPU time
 */
#include "base/json.h"
#include "guard/command/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static json_t *parts_of(struct str text) {
    CLEANUP(freep) struct shell_script *script = mem_alloc(sizeof *script);

    if (!command_shell_read(text, script)) {
        return json_null();
    }
    json_t *parts = json_array();
    for (size_t i = 0; i < script->n; i++) {
        json_t *words = json_array();
        for (size_t k = 0; k < script->parts[i].n; k++) {
            json_array_append_new(words, json_string_of(script->parts[i].words[k]));
        }
        json_array_append_new(parts, words);
    }
    return parts;
}

static void print(json_t *json) {
    CLEANUP(json_decrefp) json_t *owned = json;
    CLEANUP(freep) char *text = json_dumps(owned, JSON_COMPACT | JSON_ENCODE_ANY);

    puts(text == NULL ? "null" : text);
}

static void judge_line(const json_t *line, bool is_script) {
    const char *reason = "";
    json_t *out = json_object();
    enum command_class class;

    if (is_script) {
        struct str text = {json_string_value(line), json_string_length(line)};
        class = command_judge_script(text, &reason);
        json_object_set_new(out, "parts", parts_of(text));
    } else {
        class = command_classify(line, &reason);
    }
    json_put_str(out, "class", command_class_name(class));
    json_put_str(out, "reason", reason);
    print(out);
}

static int double_compare(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double cpu_us(void) {
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int measure(const json_t *lines, long runs) {
    size_t n = json_array_size(lines);
    CLEANUP(freep) double *times = mem_alloc((n + 1) * sizeof *times);
    size_t i;
    json_t *line;

    json_array_foreach(lines, i, line) {
        double start = cpu_us();
        for (long run = 0; run < runs; run++) {
            (void)command_classify(line, NULL);
        }
        times[i] = (cpu_us() - start) / (double)runs;
    }
    qsort(times, n, sizeof *times, double_compare);
    printf("{\"name\":\"command_judged\",\"value\":%.4f,\"unit\":\"us\",\"runs\":%zu}\n",
           times[n / 2], n * (size_t)runs);
    printf("{\"name\":\"command_judged_worst\",\"value\":%.4f,\"unit\":\"us\",\"runs\":%zu}\n",
           times[n == 0 ? 0 : n - 1], n * (size_t)runs);
    return n == 0;
}

int main(int argc, char **argv) {
    CLEANUP(json_decrefp) json_t *lines = json_array();
    CLEANUP(freep) char *text = NULL;
    size_t cap = 0;
    bool is_script = argc > 1 && strcmp(argv[1], "script") == 0;
    long runs = argc > 2 && strcmp(argv[1], "time") == 0 ? strtol(argv[2], NULL, 10) : 0;

    if (argc < 2 || (runs <= 0 && !is_script && strcmp(argv[1], "argv") != 0)) {
        (void)fprintf(stderr, "usage: command_probe script | argv | time RUNS\n");
        return 2;
    }
    while (getline(&text, &cap, stdin) > 0) {
        CLEANUP(json_decrefp)
        json_t *line = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        if (runs > 0) {
            json_array_append(lines, line);
        } else {
            judge_line(line, is_script);
        }
    }
    return runs > 0 ? measure(lines, runs) : 0;
}
