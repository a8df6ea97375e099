// What this program was built from and with.
#pragma once

namespace vime {

struct BuildInfo {
  const char* version;       ///< of the project, such as 0.1.0
  const char* git_revision;  ///< or "unknown" outside a checkout
  const char* git_date;      ///< of that commit, such as 2026-11-21, or ""
  bool git_dirty;
  const char* compiler;
  const char* build_type;
  const char* flags;
};

const BuildInfo& GetBuildInfo();

}  // namespace vime
