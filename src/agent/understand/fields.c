/* What a line decides: region, account, environment, name, profile, time to live, ... */
#include "agent/understand/fields_room.h"

void fields_read(struct words *words, const char *const *envs, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        (void)fields_pair(words, i, out);
    }
    fields_region(words, out);
    fields_account(words, out);
    fields_app(words, out);
    fields_profile(words, out);
    fields_env(words, envs, out);
    fields_durations(words, out);
    fields_logs(words, out);
    fields_release(words, out);
    fields_name(words, out);
}
