// Settings that users may change. A struct of them lists its members once, in each(), a line of
// name, member, default, published default, range and meaning; defaults, R's checks and its help
// are all made from that list.
#pragma once

#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "support/types.h"

namespace poems {

/// The form of a model: as published, or with what does not work in that put right.
enum class Form { corrected, published };

/// The values that a setting may have.
struct Range {
  const char* wanted;  ///< in words that follow "must be"
  bool whole;
  double least, most;
};

namespace range {
constexpr double above_0 = std::numeric_limits<double>::min(), below_1 = 1.0 - 1e-12;
constexpr double largest_count = 2147483647.0;
constexpr Range count{"a whole number of at least 1", true, 1.0, largest_count};
constexpr Range positive{"a number above 0", false, above_0, largest_count};
constexpr Range weight{"a number of at least 0", false, 0.0, largest_count};
constexpr Range rate{"a number above 0 and at most 1", false, above_0, 1.0};
constexpr Range share{"a number of at least 0 and below 1", false, 0.0, below_1};
constexpr Range held_out{"a number from 0 to 0.5", false, 0.0, 0.5};
}  // namespace range

struct Setting {
  std::string name;
  double corrected, published;  ///< defaults
  Range range;
  std::string meaning;
};

/// The settings of a struct, in its order.
template <typename Settings>
std::vector<Setting> list_settings(Settings settings) {
  std::vector<Setting> list;
  settings.each([&](const char* name, auto&, double corrected, double published, const Range& range,
                    const char* meaning) {
    list.push_back({name, corrected, published, range, meaning});
  });
  return list;
}

/// Sets every member to what `value_of` says of its name and defaults.
template <typename Settings, typename ValueOf>
void set_settings(Settings& settings, ValueOf value_of) {
  settings.each([&](const char* name, auto& member, double corrected, double published,
                    const Range&, const char*) {
    member = static_cast<std::decay_t<decltype(member)>>(value_of(name, corrected, published));
  });
}

template <typename Settings>
Settings defaults(Form form, Settings settings = Settings()) {
  set_settings(settings, [form](const char*, double corrected, double published) {
    return form == Form::published ? published : corrected;
  });
  return settings;
}

}  // namespace poems
