/* repo/python_walk.h: what the walk through one Python file knows, for python.c and its second
 * half. Not for others. */
#pragma once

#include "repo/python_value.h"

enum {
    PY_STACK_MAX = 64,      /* nested functions and classes */
    PY_DECORATORS_MAX = 24, /* of one function */
    PY_SECRET_MIN = 7,      /* bytes of a literal with its quotes, to be one */
    PY_FACTS_MAX = 20000    /* a module: more is no program that a person wrote */
};

/* What the walk knows while it goes through one file. */
struct walk {
    struct py_source source; /* its scope is that of the innermost frame */
    struct py_module *module;
    int facts;

    const struct py_import **imports;
    const struct py_function **functions;
    const struct py_class **classes;
    const struct py_assign **assigns;
    const struct py_call **calls;
    const struct py_name **runs;
    const struct py_env **envs;
    const struct py_name **checked;
    const struct py_name **loops;
    const struct py_name **tested;
    const struct py_pass **passes;
    const struct py_name **given;
    const struct py_name **urls;

    /* Functions and classes around the node, innermost last. */
    struct frame {
        int scope;               /* of what stands inside */
        struct py_class *class_; /* NULL in a function */
        const struct py_field **fields;
    } stack[PY_STACK_MAX];
    int depth;
    int unpushed; /* functions and classes too deep for the stack */

    /* The right side of the assignment just entered, and the name on its left. */
    uint32_t value_at;
    const char *value_target;
    uint32_t store_at;    /* an environment variable that is set here, not read */
    uint32_t env_done_at; /* one that has been recorded with its default already */

    /* The condition just entered, behind which the program ends: what it reads is required. */
    uint32_t must_from;
    uint32_t must_to;
};

/* Takes one from the budget of the module. */
static inline bool may_add(struct walk *walk) { return walk->facts++ < PY_FACTS_MAX; }

#define FACT_ADD(walk, tail, type, ...)                                                            \
    do {                                                                                           \
        if (may_add(walk)) {                                                                       \
            type *fact_ = ARENA_NEW((walk)->source.arena, type);                                   \
            *fact_ = (type){__VA_ARGS__};                                                          \
            *(walk)->tail = fact_;                                                                 \
            (walk)->tail = &fact_->next;                                                           \
        }                                                                                          \
    } while (0)

static inline int scope_of(const struct walk *walk) { return walk->source.scope; }

/* python_check.c: what conditions say, and what an import or a statement asks of the runtime. */
void py_enter_if(struct walk *walk, TSNode node);     /* if, elif and x if c else y */
void py_enter_assert(struct walk *walk, TSNode node); /* assert NAME */
void py_enter_operand(struct walk *walk, TSNode node);
void py_enter_except(struct walk *walk, TSNode node);
/* Whether a condition around the node looks whether something exists. */
bool py_is_asked(const struct walk *walk, TSNode node);
/* The list of names in: for name in […]: if not os.getenv(name); a null node when it is no such. */
TSNode py_looped_list(const struct walk *walk, TSNode call, bool *is_required);
void py_need_minor(struct walk *walk, TSNode node, int minor);
bool py_is_main_guard(const struct walk *walk, TSNode node);
/* Whether the node stands where its failure is expected: in a try, or below TYPE_CHECKING. */
bool py_is_guarded(const struct walk *walk, TSNode node);

/* The minor of Python 3 that `name` of the standard module `module` needs; 0: any. */
int py_minor_of(const char *module, const char *name);

/* python_facts.c: whether a later room looks at calls of it. */
bool py_is_interesting(const char *callee);
