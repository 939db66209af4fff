/* command: what of git loses work, and what stays here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guard/command/command_fixture.h"

static void every_way_to_lose_work_is_refused(void **state) {
    static const char *const lines[] = {
        "git push -d origin x",
        "git push --delete origin x",
        "git push --mirror",
        "git push --prune origin",
        "git push --forc",
        "git push --del origin x",
        "git push origin +main",
        "git reset --merge",
        "git reset --keep x",
        "git reset --har",
        "git clean --force",
        "git checkout -f x",
        "git checkout -B x",
        "git checkout --ours a",
        "git checkout --theirs a",
        "git checkout --pathspec-from-file=x",
        "git checkout --patch",
        "git checkout -p",
        "git checkout main a.py",
        "git checkout -q main a.py",
        "git restore --staged --worktree a",
        "git restore -S --work a",
        "git restore -SW a",
        "git branch -M x",
        "git branch -C x",
        "git branch -f x",
        "git branch --force x",
        "git branch --delete --forc x",
        "git tag -d x",
        "git tag --delete x",
        "git tag -f x",
        "git tag --force x",
        "git switch -f x",
        "git switch --force-create x",
        "git switch --discard-changes x",
        "git switch -C x",
        "git stash clear",
        "git reflog delete x",
        "git worktree remove x",
        "git worktree prune",
        "git remote rm x",
        "git remote set-url x y",
        "git gc --prune=now",
        "git gc --pru",
        "git submodule deinit x",
        "git --no-pager rm a",
        "git filter-repo x",
        "git prune",
        "git replace a b",
        "git credential fill",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(lines); i++) {
        if (class_of(lines[i]) != COMMAND_DESTRUCTIVE) {
            fail_msg("'%s' is %s", lines[i], command_class_name(class_of(lines[i])));
        }
    }
}

static void what_only_looks_like_it_is_not(void **state) {
    static const struct class_row rows[] = {
        {"git", COMMAND_UNKNOWN},
        {"git -C", COMMAND_UNKNOWN},
        {"git -C ../x status", COMMAND_UNKNOWN},
        {"git -c a=b status", COMMAND_UNKNOWN},
        {"git --git-dir=x status", COMMAND_UNKNOWN},
        {"git -C sub status", COMMAND_CHANGING},
        {"git --no-pager -C sub log", COMMAND_CHANGING},
        {"git push origin main", COMMAND_UNKNOWN},
        {"git clean -n", COMMAND_CHANGING},
        {"git clean -fn", COMMAND_CHANGING},
        {"git clean -f --dry-run", COMMAND_CHANGING},
        {"git checkout main", COMMAND_CHANGING},
        {"git checkout -q main", COMMAND_CHANGING},
        {"git checkout -b x main", COMMAND_CHANGING},
        {"git checkout --orphan x main", COMMAND_CHANGING},
        {"git restore --staged a", COMMAND_CHANGING},
        {"git restore -S a", COMMAND_CHANGING},
        {"git branch -d x", COMMAND_CHANGING},
        {"git stash", COMMAND_CHANGING},
        {"git stash push", COMMAND_CHANGING},
        {"git worktree list", COMMAND_CHANGING},
        {"git reset --help", COMMAND_CHANGING},
        {"git reset --soft x", COMMAND_CHANGING},
        {"git rebase main", COMMAND_CHANGING},
        {"git rebase -x ls main", COMMAND_UNKNOWN},
        {"git rebase --exec=ls main", COMMAND_UNKNOWN},
        {"git cherry-pick -x 1234567", COMMAND_CHANGING},
        {"git config --get user.name", COMMAND_CHANGING},
        {"git config --list", COMMAND_CHANGING},
        {"git config -l", COMMAND_CHANGING},
        {"git config user.name x", COMMAND_UNKNOWN},
        {"git config --get x -f /etc/x", COMMAND_UNKNOWN},
        {"git diff --text", COMMAND_CHANGING},
        {"git diff --output=x", COMMAND_UNKNOWN},
        {"git diff --outp=x", COMMAND_UNKNOWN},
        {"git diff --ext-diff", COMMAND_UNKNOWN},
        {"git log --textconv", COMMAND_UNKNOWN},
        {"git commit --file=x", COMMAND_UNKNOWN},
        {"git diff /etc/passwd", COMMAND_UNKNOWN},
        {"git log -S /etc/passwd", COMMAND_CHANGING},
        {"git frobnicate", COMMAND_UNKNOWN},
    };

    (void)state;
    have_their_class(rows, ARRAY_N(rows));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_lose_work_is_refused),
        cmocka_unit_test(what_only_looks_like_it_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
