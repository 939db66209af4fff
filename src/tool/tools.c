/* The tools of this build. The linker says which row has no room. */
#include "tool/tool.h"

#define TOOL(name) extern const struct tool tool_##name;
#include "tool/tool.def"
#undef TOOL

const struct tool *const tools[] = {
#define TOOL(name) &tool_##name,
#include "tool/tool.def"
#undef TOOL
};
const size_t tool_n = ARRAY_N(tools);
