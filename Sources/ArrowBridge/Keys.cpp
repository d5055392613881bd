#include "Keys.hpp"

#include <arrow/compute/cast.h>

#include "Cast.hpp"
#include "Guard.hpp"

namespace bridge {

int32_t Keys::code(std::string_view name) {
  if (auto found = codes_.find(name); found != codes_.end()) return found->second;
  auto code = static_cast<int32_t>(names_.size());
  names_.emplace_back(name);
  codes_.emplace(names_.back(), code);
  return code;
}

void Keys::encode(const std::shared_ptr<arrow::Array> &rows, int32_t *codes) {
  if (rows->type_id() == arrow::Type::DICTIONARY) {
    encodeDictionary(static_cast<const arrow::DictionaryArray &>(*rows), codes);
    return;
  }
  auto text = std::static_pointer_cast<arrow::StringArray>(cast(rows, arrow::utf8()));
  std::string_view last;
  int32_t lastCode = -1;
  for (int64_t i = 0; i < text->length(); i++) {
    if (text->IsNull(i)) {
      codes[i] = -1;
      continue;
    }
    auto name = text->GetView(i);
    if (lastCode < 0 || name != last) {
      lastCode = code(name);
      last = name;
    }
    codes[i] = lastCode;
  }
}

void Keys::encodeDictionary(const arrow::DictionaryArray &rows, int32_t *codes) {
  auto dictionary = rows.dictionary();
  if (dictionary_ == nullptr || (dictionary_ != dictionary && !dictionary_->Equals(*dictionary))) {
    known_.assign(static_cast<size_t>(dictionary->length()), -1);
  }
  dictionary_ = dictionary;
  auto text = std::static_pointer_cast<arrow::StringArray>(cast(dictionary, arrow::utf8()));
  auto indices = std::static_pointer_cast<arrow::Int32Array>(cast(rows.indices(), arrow::int32()));
  const int32_t *index = indices->raw_values();
  const bool hasNulls = indices->null_count() > 0 || text->null_count() > 0;
  const auto size = static_cast<uint32_t>(known_.size());
  for (int64_t i = 0; i < indices->length(); i++) {
    if (hasNulls && indices->IsNull(i)) {
      codes[i] = -1;
      continue;
    }
    const auto at = static_cast<uint32_t>(index[i]);
    if (at >= size) throw Failure(ab_foreign, "a dictionary index is out of range");
    if (hasNulls && text->IsNull(at)) {
      codes[i] = -1;
      continue;
    }
    if (known_[at] < 0) known_[at] = code(text->GetView(at));
    codes[i] = known_[at];
  }
}

ab_strings Keys::from(int64_t first) {
  exported_.clear();
  offsets_.assign(1, 0);
  for (int64_t i = first; i < count(); i++) {
    exported_ += names_[static_cast<size_t>(i)];
    offsets_.push_back(static_cast<int32_t>(exported_.size()));
  }
  return ab_strings{static_cast<int64_t>(offsets_.size()) - 1, offsets_.data(), exported_.data(), nullptr};
}

}  // namespace bridge
