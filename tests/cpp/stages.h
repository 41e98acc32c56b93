// Trains a model through its stages and moves, with Adam, in batches.
#pragma once

#include "models/model.h"
#include "tape/adam.h"
#include "training/schedule.h"

namespace poems_test {

/// `epochs` of every stage.
template <typename T>
void train_stages(poems::models::Model<T>& model, const poems::Cohort<T>& cohort,
                  const std::vector<poems::Index>& samples, long epochs, poems::Index batch_size,
                  double learning_rate) {
  poems::Tape<T> tape;
  poems::Terms<T> terms;
  const std::vector<poems::Parameter<T>*> parameters = model.parameters();
  const std::vector<poems::models::Stage<T>> stages = model.stages();
  const auto size = static_cast<poems::Index>(samples.size());
  for (const poems::models::Stage<T>& stage : stages) {
    std::vector<poems::Adam<T>> rules;
    for (const poems::models::Move<T>& move : stage.moves)
      rules.emplace_back(poems::AdamWConfig{move.rate * learning_rate, 0.0}, poems::Decay::none);
    for (long epoch = 1; epoch <= epochs; ++epoch) {
      model.before_epoch(epoch, epochs);
      const std::vector<poems::Index> order = poems::shuffled(samples, 1, epoch);
      for (poems::Index begin = 0; begin < size; begin += batch_size) {
        const std::vector<poems::Index> members = poems::slice(order, begin, batch_size);
        const poems::Batch<T> batch = poems::make_batch(cohort, members, 1);
        const poems::pieces::StreamDraws<T> draws(1, static_cast<std::uint64_t>(epoch), members);
        for (std::size_t m = 0; m < stage.moves.size(); ++m) {
          for (int repeat = 0; repeat < stage.moves[m].repeats; ++repeat) {
            tape.reset();
            terms.clear();
            stage.moves[m].loss(tape, batch, draws, terms);
            tape.backward(terms, parameters);
            rules[m].step(stage.moves[m].parameters, 1);
          }
        }
        model.after_step(1);
      }
    }
  }
}

}  // namespace poems_test
