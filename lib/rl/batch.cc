#include "lib/rl/batch.h"

namespace vime {

void Batch::Serialize(Archive& archive) {
  archive.Visit("observations", observations);
  archive.Visit("sampled actions", sampled_actions);
  archive.Visit("executed actions", executed_actions);
  archive.Visit("next observations", next_observations);
  archive.Visit("coverage points", coverage);
  archive.Visit("rewards", rewards);
  std::vector<double> flat;  // length, terminated, success
  for (const Trajectory& trajectory : trajectories) {
    flat.push_back(static_cast<double>(trajectory.length));
    flat.push_back(trajectory.terminated ? 1 : 0);
    flat.push_back(trajectory.success ? 1 : 0);
  }
  archive.Numbers("trajectories", flat);
  archive.Require(flat.size() % 3 == 0, "trajectories");
  trajectories.clear();
  Index begin = 0;
  for (std::size_t i = 0; i < flat.size(); i += 3) {
    archive.Require(flat[i] >= 1 && flat[i] <= static_cast<double>(size() - begin), "trajectories");
    trajectories.push_back({.begin = begin,
                            .length = static_cast<Index>(flat[i]),
                            .terminated = flat[i + 1] != 0,
                            .success = flat[i + 2] != 0});
    begin += trajectories.back().length;
  }
  archive.Require(begin == size(), "trajectories");
}

Batch Batch::Rows(std::span<const Index> rows) const {
  Batch selected;
  selected.Resize(static_cast<Index>(rows.size()), static_cast<int>(observations.cols()),
                  static_cast<int>(sampled_actions.cols()));
  for (Index i = 0; i < selected.size(); ++i) {
    selected.CopyRows(i, *this, rows[static_cast<std::size_t>(i)], 1);
  }
  selected.trajectories = {{.begin = 0, .length = selected.size()}};
  return selected;
}

std::vector<Index> Batch::RowsOf(std::span<const Index> episodes) const {
  std::vector<Index> rows;
  for (const Index episode : episodes) {
    const Trajectory& trajectory = trajectories[static_cast<std::size_t>(episode)];
    for (Index t = 0; t < trajectory.length; ++t) rows.push_back(trajectory.begin + t);
  }
  return rows;
}

Batch Batch::Episodes(std::span<const Index> episodes) const {
  Batch selected = Rows(RowsOf(episodes));
  selected.trajectories.clear();
  Index begin = 0;
  for (const Index episode : episodes) {
    selected.trajectories.push_back(trajectories[static_cast<std::size_t>(episode)]);
    selected.trajectories.back().begin = begin;
    begin += selected.trajectories.back().length;
  }
  return selected;
}

Batch EvenEpisodes(const Batch& batch, Index rows) {
  if (rows == 0 || rows >= batch.size()) return batch;
  const auto episodes = static_cast<Index>(batch.trajectories.size());
  const Index count = (rows * episodes + batch.size() - 1) / batch.size();
  std::vector<Index> chosen;
  for (Index i = 0; i < count; ++i) chosen.push_back(i * episodes / count);
  return batch.Episodes(chosen);
}

Batch EvenSample(const Batch& batch, Index rows) {
  if (rows == 0 || rows >= batch.size()) return batch;
  std::vector<Index> chosen;
  for (Index i = 0; i < rows; ++i) chosen.push_back(i * batch.size() / rows);
  return batch.Rows(chosen);
}

}  // namespace vime
