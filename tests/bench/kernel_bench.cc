// Times every kernel: nanoseconds per transition, update, step or number, and the share of the
// multiply-add peak that this machine reached in the same second. See tests/bench/README.md.
//
// Usage: kernel_bench [--simd=v4|v3|portable] [Google Benchmark's flags]
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <filesystem>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "envs/registry.h"
#include "experiments/runner/files.h"
#include "experiments/runner/metrics_json.h"
#include "lib/kernels/kernels.h"
#include "lib/optim/reinforce.h"
#include "lib/rl/gaussian_policy.h"
#include "lib/rl/rollout.h"
#include "lib/vime/dynamics_model.h"
#ifdef VIME_WITH_MUJOCO
#include "tests/bench/bare_mujoco.h"
#endif
#include "tests/bench/per_isa.h"
#include "tests/support/preset.h"
#include "tests/support/toy_env.h"

namespace vime::testing {

extern const PerIsa kPerIsa_portable;
#ifdef VIME_TEST_WIDE_LANES
extern const PerIsa kPerIsa_v3;
extern const PerIsa kPerIsa_v4;
#endif

const PerIsa& FindPerIsa(std::string_view kernels) {
#ifdef VIME_TEST_WIDE_LANES
  if (kernels == kPerIsa_v4.name) return kPerIsa_v4;
  if (kernels == kPerIsa_v3.name) return kPerIsa_v3;
#endif
  if (kernels == kPerIsa_portable.name) return kPerIsa_portable;
  throw std::logic_error("no benchmarks for the kernels " + std::string(kernels));
}

namespace {

constexpr Index kBatch = 5000;  // transitions per iteration of the default experiment
constexpr std::uint64_t kSeed = 1;

// ---- Measuring ---------------------------------------------------------------------------------

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Multiply-adds per second, as floating-point operations: the best of a few short loops.
double FmaPeak() {
  const PerIsa& isa = FindPerIsa(GetKernels<float>().name);
  constexpr std::int64_t kRounds = 20000;
  double best = 0;
  for (int i = 0; i < 20; ++i) {
    const double start = CpuSeconds();
    benchmark::DoNotOptimize(isa.fma_loop(kRounds, static_cast<float>(i)));
    const double seconds = CpuSeconds() - start;
    best = std::max(best, static_cast<double>(kRounds) * isa.fma_flops_per_round / seconds);
  }
  return best;
}

// Times body(), which handles `items` items of `flops` floating-point operations each (0 where
// multiply-adds are not the measure): CPU nanoseconds per item, and the share of the peak measured
// right before.
template <class Body>
void Measure(benchmark::State& state, double items, double flops, const Body& body) {
  const double peak = flops > 0 ? FmaPeak() : 0;
  const double start = CpuSeconds();
  for ([[maybe_unused]] auto _ : state) body();
  const double seconds_per_item =
      (CpuSeconds() - start) / (items * static_cast<double>(state.iterations()));
  state.counters["ns"] = 1e9 * seconds_per_item;
  if (flops > 0) state.counters["peak%"] = 100 * flops / seconds_per_item / peak;
}

template <class Run>
benchmark::internal::Benchmark* Register(const std::string& name, Run run) {
  return benchmark::RegisterBenchmark(name.c_str(), run)->Unit(benchmark::kMicrosecond);
}

// ---- The Bayesian network ----------------------------------------------------------------------

// Observations, actions and operations per transition of the two problem sizes that the goals are
// stated for; hidden 32, 10 samples. The operations are those of the cheapest exact algorithm
// known, 2 (6 S H O + 3 (I + 1) H) and the terms of lower order, whatever the kernel executes.
struct Size {
  int observation_dim, action_dim;
  double flops;
};
constexpr Size kSizes[] = {{2, 1, 10.9e3}, {20, 6, 86.7e3}};

std::string NameOf(const Size& size) { return "obs" + std::to_string(size.observation_dim); }

Features<float> NormalFeatures(Index rows, int dim, std::uint32_t item) {
  const Vector<float> normals = NormalSequence<float>({kSeed, Stream::kTest, 0, item}, rows * dim);
  return Eigen::Map<const Features<float>>(normals.data(), rows, dim);
}

Batch RandomBatch(const Size& size) {
  Batch batch;
  batch.Resize(kBatch, size.observation_dim, size.action_dim);
  batch.observations = NormalFeatures(kBatch, size.observation_dim, 0);
  batch.sampled_actions = NormalFeatures(kBatch, size.action_dim, 1);
  batch.executed_actions = batch.sampled_actions;
  batch.next_observations =
      batch.observations + 0.1f * NormalFeatures(kBatch, size.observation_dim, 2);
  batch.coverage.setZero();
  batch.rewards = NormalFeatures(kBatch, 1, 3).col(0).cast<double>();
  constexpr Index kLength = 200;
  for (Index t = 0; t < kBatch; t += kLength) {
    batch.trajectories.push_back({.begin = t, .length = std::min(kLength, kBatch - t)});
  }
  return batch;
}

DynamicsModel TrainedModel(const Size& size, const DynamicsModelOptions& options) {
  DynamicsModel model(ToySpec(size.observation_dim, size.action_dim), options, kSeed);
  model.Observe(RandomBatch(size));
  model.Fit(0);
  return model;
}

// Noise of the bonus by where it comes from.
enum class Source {
  kFresh,    // drawn by the kernel for every transition, as in runs
  kShared,   // given, the same for every transition: no cost at all
  kPerRow,   // given, one value per unit, sample and transition
  kMoments,  // none needed
};
constexpr std::pair<Source, const char*> kSources[] = {{Source::kFresh, "fresh"},
                                                       {Source::kShared, "shared"},
                                                       {Source::kPerRow, "per-row"},
                                                       {Source::kMoments, "moments"}};

Noise<float> NoiseFrom(Source source, const NetworkShape& shape, int samples) {
  const NoiseKey key{kSeed, Stream::kBonusNoise, 0, 0};
  Noise<float> noise{
      source == Source::kMoments ? Sampling::kMoments : Sampling::kLocal, samples, {}, 0, key};
  const Index units = Index{samples} * shape.num_units();
  if (source == Source::kShared) noise.values = NormalSequence<float>(key, units);
  if (source == Source::kPerRow) {
    noise.values = NormalSequence<float>(key, units * kBatch);
    noise.row_stride = kBatch;
  }
  return noise;
}

void RegisterBonus(const Size& size, GainForm form, Source source, const std::string& name) {
  Register(name, [=](benchmark::State& state) {
    const DynamicsModel model = TrainedModel(size, {});
    const BayesianNetwork<float>& network = model.belief().network();
    const Features<float> x = NormalFeatures(kBatch, network.shape().num_inputs(), 4);
    const Features<float> y = NormalFeatures(kBatch, network.shape().num_outputs(), 5);
    const Noise<float> noise = NoiseFrom(source, network.shape(), 10);
    const double flops = source == Source::kMoments ? 0 : size.flops;
    Measure(state, kBatch, flops, [&] {
      benchmark::DoNotOptimize(InformationGain<float>(network, x, y, {.form = form}, noise));
    });
  });
}

// ---- The same bonus in plain Eigen -------------------------------------------------------------

// The normals of the kernels, filled in bulk.
void DrawWithKernels(std::uint32_t row, std::int64_t count, float* noise) {
  GetKernels<float>().fill_normals({kSeed, Stream::kBonusNoise, 0, row}, 0, count / 4, noise);
}

// The normals that come with C++.
void DrawWithStandardLibrary(std::uint32_t /*row*/, std::int64_t count, float* noise) {
  static std::mt19937_64 generator(kSeed);
  std::normal_distribution<float> normal;
  for (std::int64_t k = 0; k < count; ++k) noise[k] = normal(generator);
}

struct EigenBonus {
  explicit EigenBonus(const Size& size)
      : model(TrainedModel(size, {})),
        x(NormalFeatures(kRows, model.belief().network().shape().num_inputs(), 4)),
        y(NormalFeatures(kRows, model.belief().network().shape().num_outputs(), 5)),
        noise{Sampling::kLocal, 10, {}, kEigenRows, {}},
        gain(kRows) {
    const Index count =
        Index{kEigenRows} * noise.num_samples * model.belief().network().shape().num_units();
    noise.values = NormalSequence<float>({kSeed, Stream::kBonusNoise, 0, 0}, count);
  }

  void Run(void (*draw)(std::uint32_t, std::int64_t, float*)) {
    FindPerIsa(GetKernels<float>().name)
        .eigen_information_gain({.net = model.belief().network().View(),
                                 .x = {x.data(), x.outerStride()},
                                 .y = {y.data(), y.outerStride()},
                                 .rows = kRows,
                                 .samples = noise.num_samples,
                                 .step_size = 0.01f,
                                 .noise = noise.values.data(),
                                 .draw = draw,
                                 .gain = gain.data()});
  }

  // Mean difference from the kernels on the first block of rows, as a share of the mean. One row
  // may differ by 1e-3 where a pre-activation is within rounding of the kink of relu.
  float Error() {
    Run(nullptr);
    const Vector<float> expected = InformationGain<float>(
        model.belief().network(), x.topRows(kEigenRows), y.topRows(kEigenRows), {}, noise);
    return (gain.head(kEigenRows) - expected).cwiseAbs().sum() / expected.sum();
  }

  static constexpr Index kRows = kBatch / kEigenRows * kEigenRows;
  DynamicsModel model;
  Features<float> x, y;
  Noise<float> noise;
  Vector<float> gain;
};

void RegisterEigen(const Size& size) {
  const float error = EigenBonus(size).Error();
  if (!(error < 1e-4f)) {
    throw std::logic_error("the Eigen version disagrees with the kernels at " + NameOf(size) +
                           ": relative error " + std::to_string(error));
  }
  for (const auto& [draw, name] :
       {std::pair{&DrawWithKernels, "fresh"},
        std::pair{FindPerIsa(GetKernels<float>().name).eigen_normals, "box-muller"},
        std::pair{&DrawWithStandardLibrary, "std-normal"},
        std::pair{static_cast<decltype(&DrawWithKernels)>(nullptr), "shared"}}) {
    Register(std::string("eigen/") + name + "/" + NameOf(size),
             [=, draw = draw](benchmark::State& state) {
               EigenBonus bonus(size);
               Measure(state, static_cast<double>(EigenBonus::kRows), size.flops, [&] {
                 bonus.Run(draw);
                 benchmark::ClobberMemory();
               });
             });
  }
}

// ---- Training ----------------------------------------------------------------------------------

// 500 updates with minibatches of 10, the call that a run makes in every iteration.
void RegisterTraining(const Size& size, const char* kind, const DynamicsModelOptions& options) {
  Register(std::string("train/") + kind + "/" + NameOf(size), [=](benchmark::State& state) {
    DynamicsModel model = TrainedModel(size, options);
    const double flops = options.sampling == Sampling::kMoments
                             ? 0
                             : static_cast<double>(options.minibatch) * size.flops;
    std::uint32_t iteration = 0;
    Measure(state, static_cast<double>(options.updates), flops,
            [&] { benchmark::DoNotOptimize(model.Fit(++iteration)); });
  });
}

// What torch_vime.py trains.
DynamicsModelOptions Published(TrainingNoise noise) {
  DynamicsModelOptions options = PresetConfig("vime-published").bnn;
  options.training_noise = noise;
  return options;
}

void RegisterNetwork() {
  for (const Size& size : kSizes) {
    for (const auto& [source, source_name] : kSources) {
      for (const auto& [form, form_name] :
           {std::pair{GainForm::kTaylor, "taylor"}, std::pair{GainForm::kExact, "exact"}}) {
        RegisterBonus(size, form, source,
                      std::string("bonus/") + form_name + "/" + source_name + "/" + NameOf(size));
      }
    }
    RegisterEigen(size);
    RegisterTraining(size, "shared", Published(TrainingNoise::kShared));
    RegisterTraining(size, "per-example", Published(TrainingNoise::kPerExample));
    RegisterTraining(size, "moments", {.sampling = Sampling::kMoments});
  }
}

// ---- Policy and rollout ------------------------------------------------------------------------

void RegisterPolicy(const Size& size) {
  const EnvSpec spec = ToySpec(size.observation_dim, size.action_dim);
  const GaussianPolicy<float> prototype(spec, {}, kSeed);
  // Forward: one multiply-add per weight.
  const double weights = static_cast<double>(prototype.num_parameters() - size.action_dim);
  Register("policy/mean/" + NameOf(size), [=](benchmark::State& state) {
    const Batch batch = RandomBatch(size);
    Measure(state, kBatch, 2 * weights,
            [&] { benchmark::DoNotOptimize(prototype.Mean(batch.observations)); });
  });
  // Three channels, as the optimal baseline needs. Per weight: forward, the product h delta, and
  // one multiply-add per channel; back-propagation once per output weight.
  constexpr int kChannels = 3;
  const double backward = 2.0 * 32 * size.action_dim;
  Register("policy/scores/" + NameOf(size), [=](benchmark::State& state) {
    const Batch batch = RandomBatch(size);
    const MatrixXd channels = NormalFeatures(kBatch, kChannels, 6).cast<double>();
    Measure(state, kBatch, (3 + 2 * kChannels) * weights + backward,
            [&] { benchmark::DoNotOptimize(prototype.TrajectoryScores(batch, channels, 1)); });
  });
  Register("policy/update/" + NameOf(size), [=](benchmark::State& state) {
    const Batch batch = RandomBatch(size);
    GaussianPolicy<float> policy = prototype;
    // A step so small that thousands of updates leave the policy where it is.
    Reinforce reinforce({.learning_rate = 1e-12}, policy.num_parameters());
    Measure(state, kBatch, 0, [&] {
      benchmark::DoNotOptimize(reinforce.Update(batch, batch.rewards, policy, 1).gradient_norm);
    });
  });
}

// What a new policy does in an environment: a batch that a rollout collected, and the same steps
// once more without the policy.
class Recording {
 public:
  static constexpr std::size_t kTurns = 16;  // episodes in lockstep: as many as a rollout has lanes

  explicit Recording(const std::string& env)
      : rollout_([=] { return MakeEnvironment(env); }, MakeEnvironment(env)->spec().default_horizon,
                 kSeed),
        policy_(rollout_.spec(), {}, kSeed) {
    Collect();
    actions_ = batch_.executed_actions.cast<double>();
  }

  void Collect() {
    rollout_.Collect(policy_, Index{kTurns} * rollout_.horizon(), 0, 1, batch_);
    benchmark::DoNotOptimize(batch_.rewards.data());
  }
  const Batch& batch() const { return batch_; }

  // start(lane, episode) and step(lane, row, action) for every episode and row of the batch: a step
  // of each running episode in turn, as in the rollout. Where episodes end early, sixteen run here
  // until the last, but fewer there: it does not begin what the batch may not need.
  template <class Start, class Step>
  void Replay(const Start& start, const Step& step) const {
    struct Lane {
      Index row = 0, end = 0;
    };
    std::array<Lane, kTurns> lanes;
    std::size_t next = 0;
    for (bool running = true; running;) {
      running = false;
      for (std::size_t i = 0; i < kTurns; ++i) {
        auto& [row, end] = lanes[i];
        if (row == end) {
          if (next == batch_.trajectories.size()) continue;
          start(i, next);
          row = batch_.trajectories[next].begin;
          end = row + batch_.trajectories[next].length;
          ++next;
        }
        const auto dim = static_cast<std::size_t>(actions_.cols());
        step(i, row, std::span<const double>{&actions_(row, 0), dim});
        ++row;
        running = true;
      }
    }
  }

 private:
  Rollout rollout_;
  GaussianPolicy<float> policy_;
  Batch batch_;
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> actions_;
};

// The environments' own part of a recording.
class EnvReplay {
 public:
  explicit EnvReplay(const std::string& env) : recording_(env) {
    for (std::size_t i = 0; i < Recording::kTurns; ++i) envs_.push_back(MakeEnvironment(env));
    observation_.resize(static_cast<std::size_t>(envs_.front()->spec().observation_dim()));
    Run([&](Index row, const Step& step) {
      const Batch& batch = recording_.batch();
      bool same = step.reward == batch.rewards[row];
      for (std::size_t k = 0; k < observation_.size(); ++k) {
        same = same && static_cast<float>(observation_[k]) ==
                           batch.next_observations(row, static_cast<Index>(k));
      }
      if (same) return;
      throw std::logic_error("the replay of " + env + " is not what the rollout recorded");
    });
  }

  Index size() const { return recording_.batch().size(); }

  void Run() {
    Run([](Index /*row*/, const Step& /*step*/) {});
  }

 private:
  template <class Visit>
  void Run(const Visit& visit) {
    recording_.Replay(
        [&](std::size_t i, std::size_t episode) {
          rngs_[i] = Rng({kSeed, Stream::kEnvironment, 0, static_cast<std::uint32_t>(episode)});
          envs_[i]->Reset(rngs_[i], observation_);
        },
        [&](std::size_t i, Index row, std::span<const double> action) {
          visit(row, envs_[i]->Advance(action, rngs_[i], observation_));
          benchmark::DoNotOptimize(envs_[i]->CoveragePoint());
        });
    benchmark::DoNotOptimize(observation_.data());
  }

  Recording recording_;
  std::vector<std::unique_ptr<Env>> envs_;
  std::vector<Rng> rngs_ = std::vector<Rng>(Recording::kTurns, Rng(NoiseKey{}));
  std::vector<double> observation_;
};

void RegisterRollouts() {
  for (const EnvEntry& entry : Environments()) {
    const std::string& name = entry.name;
    Register("rollout/" + name, [=](benchmark::State& state) {
      Recording recording(name);
      Measure(state, static_cast<double>(recording.batch().size()), 0,
              [&] { recording.Collect(); });
    });
    Register("env-step/" + name, [=](benchmark::State& state) {
      EnvReplay replay(name);
      Measure(state, static_cast<double>(replay.size()), 0, [&] { replay.Run(); });
    });
  }
}

#ifdef VIME_WITH_MUJOCO
// What env-step of the half cheetah is measured against.
void RegisterBareMujoco() {
  Register("mj-step/halfcheetah", [](benchmark::State& state) {
    const Recording recording("halfcheetah");
    std::vector<BareMujoco> bodies;
    for (std::size_t i = 0; i < Recording::kTurns; ++i) bodies.emplace_back(HalfCheetahModel());
    Measure(state, static_cast<double>(recording.batch().size()), 0, [&] {
      recording.Replay([&](std::size_t i, std::size_t /*episode*/) { bodies[i].Reset(); },
                       [&](std::size_t i, Index /*row*/, std::span<const double> action) {
                         bodies[i].Step(action);
                       });
    });
  });
}
#endif

// ---- Files -------------------------------------------------------------------------------------

// What a run does with its metrics after every iteration.
void RegisterMetrics() {
  constexpr Index kLines = 2000;  // few megabytes
  Register("metrics/line", [](benchmark::State& state) {
    RunConfig config;
    DescribeAll(config);
    Resolve(config);
    const std::unique_ptr<Trainer> trainer = MakeTrainer(config, 1);
    trainer->Iterate();  // the first one has no bonus yet
    const IterationMetrics metrics = trainer->Iterate();
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("kernel_bench." + std::to_string(::getpid()));
    {
      LineWriter writer(path.string());
      Measure(state, 1, 0, [&] { writer.Append(ToJson(metrics).dump()); });
    }
    std::filesystem::remove(path);
  })->Iterations(kLines);
}

// ---- Numbers -----------------------------------------------------------------------------------

void RegisterNumbers() {
  Register("fma-peak", [](benchmark::State& state) {
    double sum = 0;
    for ([[maybe_unused]] auto _ : state) sum += FmaPeak();
    state.counters["GFLOP/s"] = 1e-9 * sum / static_cast<double>(state.iterations());
  });
  Register("normals", [](benchmark::State& state) {
    constexpr Index kBlocks = 1024;
    Vector<float> out(4 * kBlocks);
    Measure(state, 4 * kBlocks, 0, [&] {
      GetKernels<float>().fill_normals({kSeed, Stream::kTest, 0, 0}, 0, kBlocks, out.data());
      benchmark::ClobberMemory();
    });
  });
  constexpr const char* kFunctionNames[] = {
#define VIME_NAME(name) #name,
      VIME_FOR_EACH_FUNCTION(VIME_NAME)
#undef VIME_NAME
  };
  int function = 0;
  for (const char* name : kFunctionNames) {
    Register(std::string("function/") + name, [=](benchmark::State& state) {
      // Positive, so that every function is in its domain.
      constexpr int kNumbers = 4096;
      const Vector<float> x = NormalFeatures(kNumbers, 1, 7).cwiseAbs();
      Vector<float> y(kNumbers);
      const LaneEvaluator evaluate =
          FindPerIsa(GetKernels<float>().name).lanes().functions[function];
      Measure(state, kNumbers, 0, [&] {
        evaluate(x.data(), y.data(), kNumbers);
        benchmark::ClobberMemory();
      });
    });
    ++function;
  }
}

void RegisterAll() {
  RegisterNetwork();
  for (const Size& size : kSizes) RegisterPolicy(size);
  RegisterRollouts();
#ifdef VIME_WITH_MUJOCO
  RegisterBareMujoco();
#endif
  RegisterMetrics();
  RegisterNumbers();
}

// Takes --simd=NAME out of the command line.
void SelectKernelsFrom(int& argc, char** argv) {
  constexpr const char kFlag[] = "--simd=";
  char** end = std::remove_if(argv + 1, argv + argc, [&](const char* arg) {
    if (std::strncmp(arg, kFlag, std::strlen(kFlag)) != 0) return false;
    SelectKernels(arg + std::strlen(kFlag));
    return true;
  });
  argc = static_cast<int>(end - argv);
}

}  // namespace
}  // namespace vime::testing

int main(int argc, char** argv) {
  try {
    vime::testing::SelectKernelsFrom(argc, argv);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::AddCustomContext("kernels", vime::GetKernels<float>().name);
    vime::testing::RegisterAll();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kernel_bench: %s\n", error.what());
    return 1;
  }
}
