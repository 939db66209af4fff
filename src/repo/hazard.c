/* What stops an application, or harms it, although nothing is missing that could be asked for:
 * folders that are not there, programs of the machine, secrets in the code. */
#include "repo/path.h"
#include "repo/survey_room.h"

#include <string.h>

/* --- folders that must be there --- */

/* The part of a path that is known: behind the last thing that is not. */
static const char *known_part(const char *text) {
    const char *brace = strrchr(text, '}');

    text = brace == NULL ? text : brace + 1;
    while (*text == '/' && brace != NULL) {
        text++;
    }
    return strncmp(text, "./", 2) == 0 ? text + 2 : text;
}

/* Below the working directory, or below any folder around the file. */
static bool is_in_tree(struct room *room, const struct py_module *module, const char *part) {
    const char *below = path_join(room->arena, room->app->cwd, part);

    if (below != NULL && tree_has_folder(&room->tree, below)) {
        return true;
    }
    for (const char *dir = path_dir(room->arena, module->path);; dir = path_dir(room->arena, dir)) {
        below = path_join(room->arena, dir, part);
        if (below != NULL && tree_has_folder(&room->tree, below)) {
            return true;
        }
        if (strcmp(dir, ".") == 0) {
            return false;
        }
    }
}

/* StaticFiles() raises when its folder is not there. */
static void find_folder(struct room *room, size_t index, const struct py_call *call) {
    const struct py_module *module = module_at(room, index);
    const struct env_row *variable = NULL;
    struct found found = {0};
    const char *part = NULL;

    if (strcmp(py_last(call->callee), "StaticFiles") != 0 || call->is_asked ||
        module_use(room, index, call->scope) == USE_REQUEST ||
        py_arg(call, "check_dir", -1).kind == PY_FALSE) {
        return;
    }
    found = value_find(room, index, call->scope, py_arg(call, "directory", 0));
    variable = found.kind == FOUND_ENV ? env_at(room, found.name) : NULL;
    if (variable != NULL && variable->is_written) {
        return; /* it is made first, where the variable says */
    }
    part = found.text == NULL ? "" : known_part(found.text);
    if (part[0] == '\0' || strncmp(part, "/tmp", 4) == 0 ||
        (part[0] != '/' && is_in_tree(room, module, part))) {
        return;
    }
    room_say(room, REASON_FOLDER_MISSING, room_where(room, module->path, call->line), part);
}

/* --- programs of the machine --- */

/* clang-format off */
static const struct {
    const char *module;
    const char *text;
} programs[] = {
    { "pdf2image",   "pdf2image calls poppler" },
    { "pytesseract", "pytesseract calls tesseract" },
    { "pdfkit",      "pdfkit calls wkhtmltopdf" },
    { "imgkit",      "imgkit calls wkhtmltoimage" },
    { "pydub",       "pydub calls ffmpeg" },
    { "ffmpeg",      "ffmpeg-python calls ffmpeg" },
    { "whisper",     "whisper calls ffmpeg" },
    { "weasyprint",  "weasyprint loads pango" },
    { "graphviz",    "graphviz calls dot" },
    { "magic",       "python-magic loads libmagic" },
    { "selenium",    "selenium drives a browser" },
    { "pyppeteer",   "pyppeteer drives a browser" },
    { "webview",     "pywebview opens a window" },
    { "pyautogui",   "pyautogui needs a screen" },
    { "tkinter",     "tkinter needs a screen" },
    { "sounddevice", "sounddevice needs a sound device" },
    { "pyaudio",     "pyaudio needs a sound device" },
    { "serial",      "pyserial needs a serial port" },
    { "docker",      "docker calls the Docker daemon" },
};
/* clang-format on */

static void find_program(struct room *room, const struct py_module *module,
                         const struct py_import *import) {
    for (size_t i = 0; i < ARRAY_N(programs) && import->level == 0 && !import->is_guarded; i++) {
        size_t n = strlen(programs[i].module);

        if (strncmp(import->module, programs[i].module, n) == 0 &&
            (import->module[n] == '\0' || import->module[n] == '.') &&
            module_find(room, room->app->cwd, module->path, 0, import->module) == SIZE_MAX) {
            room_say(room, REASON_SYSTEM_PROGRAM, room_where(room, module->path, import->line),
                     programs[i].text);
        }
    }
    if (import->level == 0 && !import->is_guarded && strcmp(import->module, "cv2") == 0 &&
        manifest_has(&room->manifest, "opencv-python")) {
        room_say(room, REASON_SYSTEM_PROGRAM, room_where(room, module->path, import->line),
                 "opencv-python, unlike opencv-python-headless, loads libGL");
    }
}

/* --- secrets in the code --- */

/* Whether a name is that of a secret itself, and not of something about one. */
static bool is_secret_name(const char *name) {
    static const char *const ends[] = {"SECRET",      "SECRET_KEY", "PASSWORD",    "PASSWD",
                                       "API_KEY",     "APIKEY",     "PRIVATE_KEY", "ENCRYPTION_KEY",
                                       "SIGNING_KEY", "JWT_KEY",    "AUTH_TOKEN"};
    const size_t n = strlen(name);

    for (size_t i = 0; i < ARRAY_N(ends); i++) {
        const size_t m = strlen(ends[i]);

        if (n >= m && strcasecmp(name + n - m, ends[i]) == 0 &&
            (n == m || name[n - m - 1] == '_')) {
            return true;
        }
    }
    return false;
}

/* A literal that is no name, no address and no word about secrets: CREATE_API_KEY =
 * "create_api_key". */
static bool is_secret_value(const char *name, struct py_value value) {
    return value.kind == PY_STRING && strlen(value.text) >= 6 &&
           strpbrk(value.text, " /{") == NULL && strcasecmp(value.text, name) != 0 &&
           strcasestr(name, "INSECURE") == NULL;
}

static void say_secret(struct room *room, const struct py_module *module, int line,
                       const char *name) {
    room_say(room, REASON_HARDCODED_SECRET, room_where(room, module->path, line), name);
}

static bool is_random(struct py_value value) {
    static const char *const makers[] = {"token_urlsafe", "token_hex", "token_bytes", "urandom",
                                         "uuid4"};

    for (size_t i = 0; value.kind == PY_CALL && i < ARRAY_N(makers); i++) {
        if (strcmp(py_last(value.text), makers[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void find_secrets(struct room *room, size_t index) {
    const struct py_module *module = module_at(room, index);

    for (const struct py_assign *at = module->assigns; at != NULL; at = at->next) {
        if (is_secret_name(py_last(at->name)) && is_secret_value(py_last(at->name), at->value)) {
            say_secret(room, module, at->line, py_last(at->name));
        } else if (is_secret_name(py_last(at->name)) && is_random(at->value) &&
                   at->scope == PY_MODULE_SCOPE) {
            room_say(room, REASON_RANDOM_IN_CODE, room_where(room, module->path, at->line),
                     py_last(at->name));
        }
    }
    for (const struct py_class *at = module->classes; at != NULL && room_spend(room);
         at = at->next) {
        if (settings_is_class(room, at)) {
            continue; /* a variable can take its place: it is asked for */
        }
        for (const struct py_field *field = at->fields; field != NULL; field = field->next) {
            if (is_secret_name(field->name) && is_secret_value(field->name, field->value)) {
                say_secret(room, module, field->line, field->name);
            }
        }
    }
    for (const struct py_name *at = module->given; at != NULL; at = at->next) {
        say_secret(room, module, at->line, at->name);
    }
}

void hazard_find(struct room *room) {
    for (size_t k = 0; k < room->reached_n && room_spend(room); k++) {
        const size_t i = room->reached[k];
        const struct py_module *module = module_at(room, i);

        for (const struct py_call *at = module->calls; at != NULL; at = at->next) {
            find_folder(room, i, at);
            if (strcmp(py_last(at->callee), "Mangum") == 0) {
                room_say(room, REASON_OWN_HANDLER, room_where(room, module->path, at->line),
                         at->target == NULL ? "Mangum()" : at->target);
            }
        }
        for (const struct py_import *at = module->imports; at != NULL; at = at->next) {
            find_program(room, module, at);
        }
        find_secrets(room, i);
    }
}
