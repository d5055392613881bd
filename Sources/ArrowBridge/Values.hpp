#pragma once

#include <arrow/array.h>

#include <memory>

#include "ArrowBridge.h"
#include "Keys.hpp"

namespace bridge {

/// One column of a batch as Swift sees it: nulls are values, the memory is kept alive by `owner`.
struct Values {
  const void *data = nullptr;
  ab_strings strings = {};
  /// Of a list column.
  std::shared_ptr<const int32_t[]> offsets;
  std::shared_ptr<const void> owner;
  std::shared_ptr<const void> nulls;
};

/// `array` as the asked type; `keys` is used for key columns only.
Values converted(const std::shared_ptr<arrow::Array> &array, ab_type type, Keys &keys);

/// The values of all rows of a list column, end to end; a row that is null holds none.
Values convertedLists(const std::shared_ptr<arrow::Array> &array, ab_type type, Keys &keys);

}  // namespace bridge
