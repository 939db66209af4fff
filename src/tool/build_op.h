/* tool/build_op.h: how the tools that build turn a call into a `struct build_env`. */
#pragma once

#include "bundle/build.h"
#include "tool/services.h"
#include "tool/tool.h"

/* The environment of one build call; its progress lines are reported by `op`. Borrows from both. */
struct build_env build_op_env(struct op *op);
