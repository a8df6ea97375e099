#include "envs/registry.h"
