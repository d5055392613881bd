#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ArrowBridge.h"

namespace bridge {

/// The distinct names of one column over all batches; a name's code is the order of its first row.
class Keys {
 public:
  /// Codes of the rows of a string or dictionary array; null is -1.
  void encode(const std::shared_ptr<arrow::Array> &rows, int32_t *codes);
  int64_t count() const { return static_cast<int64_t>(names_.size()); }
  /// The names from `first` on, valid until the next call.
  ab_strings from(int64_t first);

 private:
  int32_t code(std::string_view name);
  void encodeDictionary(const arrow::DictionaryArray &rows, int32_t *codes);

  std::deque<std::string> names_;
  std::unordered_map<std::string_view, int32_t> codes_;
  /// The dictionary of the batch before and its codes here, -1 where no row has used it yet.
  std::shared_ptr<arrow::Array> dictionary_;
  std::vector<int32_t> known_;
  std::string exported_;
  std::vector<int32_t> offsets_;
};

}  // namespace bridge
