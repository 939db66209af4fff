/* sys/keeper_image.h: the bytes of the program of keeper.c, put here by the build. */
#pragma once

#include "base/str.h"

extern const struct str keeper_image;
