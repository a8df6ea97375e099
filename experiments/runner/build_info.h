// What this program was built from and with.
#pragma once

namespace vime {

struct BuildInfo {
  const char* version;       ///< of the project, such as 0.1.0
  const char* git_revision;  ///< or "unknown" outside a checkout
  bool git_dirty;
  const char* compiler;
  const char* build_type;
  const char* flags;
};

const BuildInfo& GetBuildInfo();

}  // namespace vime
