#pragma once

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>

#include <memory>

#include "Guard.hpp"

namespace bridge {

/// `array` as `type`, the same array where nothing is to be done; text that is not a number fails as a conversion.
inline std::shared_ptr<arrow::Array> cast(const std::shared_ptr<arrow::Array> &array,
                                          const std::shared_ptr<arrow::DataType> &type) {
  if (array->type()->Equals(*type)) return array;
  return take(arrow::compute::Cast(*array, type, arrow::compute::CastOptions::Unsafe()), ab_conversion);
}

}  // namespace bridge
