// The file `checkpoint`: everything that a run goes on from, with a checksum.
//
// Layout, in the byte order of the machine: "VIMECKPT", the version of the layout (8 bytes), the
// length of the payload (8), XXH64 of the payload (8), the payload. The payload is a sequence of
// named records: length of the name (4), name, length of the data (8), data.
#pragma once

#include <functional>
#include <string>

#include "lib/core/archive.h"

namespace vime {

/// Visits the state: the same function writes and reads.
using StateVisitor = std::function<void(Archive&)>;

/// The payload on its own: the state as bytes.
std::string SaveState(const StateVisitor& visit);

/// Throws ConfigError that begins with `name` when the records are not those that `visit` asks for.
/// What was read until then stays.
void LoadState(std::string_view payload, const std::string& name, const StateVisitor& visit);

/// Replaces the file atomically. Throws IoError.
void WriteCheckpoint(const std::string& path, const StateVisitor& visit);

/// Throws ConfigError of one line when the file cannot be read, is not a checkpoint, is damaged or
/// holds another state.
void ReadCheckpoint(const std::string& path, const StateVisitor& visit);

}  // namespace vime
