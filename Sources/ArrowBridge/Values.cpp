#include "Values.hpp"

#include <cmath>
#include <limits>
#include <type_traits>

#include "Cast.hpp"
#include "Guard.hpp"

namespace bridge {
namespace {

template <typename T>
constexpr T null() {
  if constexpr (std::is_floating_point_v<T>) return std::numeric_limits<T>::quiet_NaN();
  return std::numeric_limits<T>::min();
}

/// `value` as `To`, null where it does not fit.
template <typename To, typename From>
To number(From value) {
  if constexpr (std::is_floating_point_v<To>) {
    return static_cast<To>(value);
  } else if constexpr (std::is_floating_point_v<From>) {
    const double limit = std::ldexp(1.0, std::numeric_limits<To>::digits);
    const double wide = value;
    return wide >= -limit && wide < limit ? static_cast<To>(wide) : null<To>();
  } else {
    return std::in_range<To>(value) ? static_cast<To>(value) : null<To>();
  }
}

template <typename To, typename From, typename Convert>
Values filled(const std::shared_ptr<arrow::Array> &array, const From *values, Convert convert) {
  const int64_t rows = array->length();
  Values result;
  if constexpr (std::is_same_v<To, From> && std::is_same_v<Convert, To (*)(From)>) {
    if (array->null_count() == 0) {
      result.data = values;
      result.owner = array;
      return result;
    }
  }
  std::shared_ptr<To[]> out(new To[static_cast<size_t>(rows) + 1]);
  for (int64_t i = 0; i < rows; i++) out[i] = convert(values[i]);
  if (array->null_count() > 0) {
    for (int64_t i = 0; i < rows; i++) {
      if (array->IsNull(i)) out[i] = null<To>();
    }
  }
  result.data = out.get();
  result.owner = std::shared_ptr<const void>(out, out.get());
  return result;
}

template <typename To>
Values allNull(int64_t rows, To value) {
  std::shared_ptr<To[]> out(new To[static_cast<size_t>(rows) + 1]);
  std::fill_n(out.get(), rows, value);
  Values result;
  result.data = out.get();
  result.owner = std::shared_ptr<const void>(out, out.get());
  return result;
}

template <typename To, typename Array>
Values fromNumbers(const std::shared_ptr<arrow::Array> &array) {
  using From = typename Array::value_type;
  To (*convert)(From) = number<To, From>;
  return filled<To>(array, static_cast<const Array &>(*array).raw_values(), convert);
}

template <typename To>
Values numbers(const std::shared_ptr<arrow::Array> &array) {
  switch (array->type_id()) {
    case arrow::Type::DOUBLE: return fromNumbers<To, arrow::DoubleArray>(array);
    case arrow::Type::FLOAT: return fromNumbers<To, arrow::FloatArray>(array);
    case arrow::Type::INT8: return fromNumbers<To, arrow::Int8Array>(array);
    case arrow::Type::INT16: return fromNumbers<To, arrow::Int16Array>(array);
    case arrow::Type::INT32: return fromNumbers<To, arrow::Int32Array>(array);
    case arrow::Type::INT64: return fromNumbers<To, arrow::Int64Array>(array);
    case arrow::Type::UINT8: return fromNumbers<To, arrow::UInt8Array>(array);
    case arrow::Type::UINT16: return fromNumbers<To, arrow::UInt16Array>(array);
    case arrow::Type::UINT32: return fromNumbers<To, arrow::UInt32Array>(array);
    case arrow::Type::UINT64: return fromNumbers<To, arrow::UInt64Array>(array);
    case arrow::Type::NA: return allNull<To>(array->length(), null<To>());
    case arrow::Type::DICTIONARY:
      return numbers<To>(cast(array, static_cast<const arrow::DictionaryArray &>(*array).dictionary()->type()));
    case arrow::Type::BOOL: return numbers<To>(cast(array, arrow::int8()));
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DATE32:
    case arrow::Type::DATE64: throw Failure(ab_unsupported_type, "a time is not a number");
    default: return numbers<To>(cast(array, arrow::float64()));
  }
}

int64_t floorDivided(int64_t value, int64_t by) {
  const int64_t quotient = value / by;
  return quotient - (value % by < 0 ? 1 : 0);
}

template <int64_t factor>
int64_t multiplied(int64_t value) {
  int64_t product;
  return __builtin_mul_overflow(value, factor, &product) ? null<int64_t>() : product;
}

constexpr int64_t microsecondsPerDay = 86'400'000'000;

Values times(const std::shared_ptr<arrow::Array> &array) {
  switch (array->type_id()) {
    case arrow::Type::TIMESTAMP: {
      const int64_t *values = static_cast<const arrow::TimestampArray &>(*array).raw_values();
      switch (static_cast<const arrow::TimestampType &>(*array->type()).unit()) {
        case arrow::TimeUnit::SECOND: return filled<int64_t>(array, values, [](int64_t v) { return multiplied<1'000'000>(v); });
        case arrow::TimeUnit::MILLI: return filled<int64_t>(array, values, [](int64_t v) { return multiplied<1'000>(v); });
        case arrow::TimeUnit::NANO: return filled<int64_t>(array, values, [](int64_t v) { return floorDivided(v, 1'000); });
        case arrow::TimeUnit::MICRO: return filled<int64_t>(array, values, static_cast<int64_t (*)(int64_t)>(number<int64_t, int64_t>));
      }
      break;
    }
    case arrow::Type::DATE32:
      return filled<int64_t>(array, static_cast<const arrow::Date32Array &>(*array).raw_values(),
                             [](int32_t v) { return v * microsecondsPerDay; });
    case arrow::Type::DATE64:
      return filled<int64_t>(array, static_cast<const arrow::Date64Array &>(*array).raw_values(),
                             [](int64_t v) { return multiplied<1'000>(v); });
    case arrow::Type::NA: return allNull<int64_t>(array->length(), null<int64_t>());
    case arrow::Type::DICTIONARY:
      return times(cast(array, static_cast<const arrow::DictionaryArray &>(*array).dictionary()->type()));
    case arrow::Type::STRING: return times(cast(array, arrow::timestamp(arrow::TimeUnit::MICRO)));
    default: break;
  }
  throw Failure(ab_unsupported_type, "a column of type " + array->type()->ToString() + " is not a time");
}

Values dates(const std::shared_ptr<arrow::Array> &array) {
  if (array->type_id() == arrow::Type::DATE32) {
    return filled<int32_t>(array, static_cast<const arrow::Date32Array &>(*array).raw_values(),
                           static_cast<int32_t (*)(int32_t)>(number<int32_t, int32_t>));
  }
  const Values micros = times(array);
  const auto values = static_cast<const int64_t *>(micros.data);
  return filled<int32_t>(array, values, [](int64_t v) { return number<int32_t>(floorDivided(v, microsecondsPerDay)); });
}

Values bools(const std::shared_ptr<arrow::Array> &array) {
  const int64_t rows = array->length();
  if (array->type_id() == arrow::Type::NA) return allNull<uint8_t>(rows, 2);
  auto flags = std::static_pointer_cast<arrow::BooleanArray>(cast(array, arrow::boolean()));
  auto result = allNull<uint8_t>(rows, 2);
  auto out = static_cast<uint8_t *>(const_cast<void *>(result.data));
  for (int64_t i = 0; i < rows; i++) {
    if (flags->IsValid(i)) out[i] = flags->Value(i) ? 1 : 0;
  }
  return result;
}

/// Text or any bytes: both lie in memory in the same way.
Values texts(const std::shared_ptr<arrow::Array> &array, const std::shared_ptr<arrow::DataType> &type) {
  auto text = std::static_pointer_cast<arrow::BinaryArray>(cast(array, type));
  Values result;
  result.owner = text;
  result.strings = {text->length(), text->raw_value_offsets(), reinterpret_cast<const char *>(text->raw_data()), nullptr};
  if (text->null_count() > 0) {
    std::shared_ptr<uint8_t[]> flags(new uint8_t[static_cast<size_t>(text->length())]);
    for (int64_t i = 0; i < text->length(); i++) flags[i] = text->IsNull(i) ? 1 : 0;
    result.strings.is_null = flags.get();
    result.nulls = std::shared_ptr<const void>(flags, flags.get());
  }
  return result;
}

Values keyCodes(const std::shared_ptr<arrow::Array> &array, Keys &keys) {
  if (array->type_id() == arrow::Type::NA) return allNull<int32_t>(array->length(), -1);
  auto result = allNull<int32_t>(array->length(), -1);
  keys.encode(array, static_cast<int32_t *>(const_cast<void *>(result.data)));
  return result;
}

}  // namespace

Values converted(const std::shared_ptr<arrow::Array> &array, ab_type type, Keys &keys) {
  switch (type) {
    case ab_text: return texts(array, arrow::utf8());
    case ab_binary: return texts(array, arrow::binary());
    case ab_key: return keyCodes(array, keys);
    case ab_double: return numbers<double>(array);
    case ab_float: return numbers<float>(array);
    case ab_int32: return numbers<int32_t>(array);
    case ab_int64: return numbers<int64_t>(array);
    case ab_bool: return bools(array);
    case ab_time: return times(array);
    case ab_date: return dates(array);
    case ab_none: break;
  }
  throw Failure(ab_defect, "an unknown column type was asked for");
}

Values convertedLists(const std::shared_ptr<arrow::Array> &array, ab_type type, Keys &keys) {
  const auto id = array->type_id();
  if (id != arrow::Type::LIST && id != arrow::Type::LARGE_LIST) throw Failure(ab_unsupported_type, "a list is wanted");
  auto lists = std::static_pointer_cast<arrow::ListArray>(
      id == arrow::Type::LIST ? array : cast(array, arrow::list(static_cast<const arrow::LargeListType &>(*array->type()).value_type())));
  const auto rows = static_cast<size_t>(lists->length());
  std::shared_ptr<int32_t[]> offsets(new int32_t[rows + 1]);
  offsets[0] = 0;
  for (size_t i = 0; i < rows; i++) {
    const auto row = static_cast<int64_t>(i);
    offsets[i + 1] = offsets[i] + (lists->IsNull(row) ? 0 : lists->value_length(row));
  }
  auto result = converted(take(lists->Flatten(), ab_memory), type, keys);
  result.offsets = offsets;
  return result;
}

}  // namespace bridge
