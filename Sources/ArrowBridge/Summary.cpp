#include <arrow/io/file.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>
#include <parquet/statistics.h>

#include <cinttypes>
#include <cstdio>

#include "CsvBlock.hpp"
#include "Delimited.hpp"
#include "Guard.hpp"
#include "ParquetFile.hpp"

using namespace bridge;

namespace {

ab_type kind(const arrow::DataType &type) {
  switch (type.id()) {
    case arrow::Type::BOOL: return ab_bool;
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DATE32:
    case arrow::Type::DATE64: return ab_time;
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::NA: return ab_text;
    case arrow::Type::DICTIONARY: return kind(*static_cast<const arrow::DictionaryType &>(type).value_type());
    default: return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_decimal(type.id()) ? ab_double : ab_none;
  }
}

void addField(ab_summary &summary, const std::string &name, ab_type type, bool allNull) {
  auto grown = static_cast<ab_field *>(std::realloc(summary.fields, sizeof(ab_field) * static_cast<size_t>(summary.field_count + 1)));
  if (grown == nullptr) throw std::bad_alloc();
  summary.fields = grown;
  summary.fields[summary.field_count] = {copied(name), type, allNull};
  summary.field_count++;
}

bool allNull(const parquet::FileMetaData &metadata, int leaf) {
  for (int group = 0; leaf >= 0 && group < metadata.num_row_groups(); group++) {
    auto chunk = metadata.RowGroup(group)->ColumnChunk(leaf);
    auto statistics = chunk->statistics();
    if (statistics == nullptr || !statistics->HasNullCount() || statistics->null_count() < metadata.RowGroup(group)->num_rows()) return false;
  }
  return leaf >= 0 && metadata.num_rows() > 0;
}

void summarizeParquet(const char *path, ab_summary &summary) {
  const ab_file file(path);
  const auto &metadata = file.metadata;
  std::unique_ptr<parquet::arrow::FileReader> reader;
  check(file.builder().Build(&reader), ab_foreign);
  std::shared_ptr<arrow::Schema> schema;
  check(reader->GetSchema(&schema), ab_foreign);
  summary.is_parquet = true;
  summary.rows = metadata->num_rows();
  for (int i = 0; i < schema->num_fields(); i++) {
    const int index = leaf(*metadata, i);
    const auto &field = *schema->field(i);
    addField(summary, field.name(), index < 0 ? ab_none : kind(*field.type()), allNull(*metadata, index));
  }
}

void summarizeText(const char *path, ab_summary &summary) {
  DelimitedText text(path, 0);
  summary.delimiter = text.delimiter();
  summary.rows = -1;
  CsvFormat format{static_cast<int>(text.header().size()), text.delimiter(), true, {}};
  for (int i = 0; i < format.width; i++) format.columns.push_back({i, nullptr});
  const auto block = text.next(1 << 18, true);
  CsvBlock first;
  if (block.bytes != nullptr) first = parsed(block, format);
  for (int i = 0; i < format.width; i++) {
    const auto *type = first.batch == nullptr ? nullptr : first.batch->column(i)->type().get();
    const bool nothing = type != nullptr && type->id() == arrow::Type::NA;
    addField(summary, text.header()[static_cast<size_t>(i)], type == nullptr ? ab_text : kind(*type), nothing);
  }
}

/// A bound of the statistics as text: strings as they are, times and dates as their stored integers.
std::pair<std::string, std::string> bounds(const parquet::Statistics &statistics) {
  auto exact = [](double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.17g", value);
    return std::string(text);
  };
  switch (statistics.physical_type()) {
    case parquet::Type::INT32: {
      const auto &typed = static_cast<const parquet::TypedStatistics<parquet::Int32Type> &>(statistics);
      return {std::to_string(typed.min()), std::to_string(typed.max())};
    }
    case parquet::Type::INT64: {
      const auto &typed = static_cast<const parquet::TypedStatistics<parquet::Int64Type> &>(statistics);
      return {std::to_string(typed.min()), std::to_string(typed.max())};
    }
    case parquet::Type::FLOAT: {
      const auto &typed = static_cast<const parquet::TypedStatistics<parquet::FloatType> &>(statistics);
      return {exact(typed.min()), exact(typed.max())};
    }
    case parquet::Type::DOUBLE: {
      const auto &typed = static_cast<const parquet::TypedStatistics<parquet::DoubleType> &>(statistics);
      return {exact(typed.min()), exact(typed.max())};
    }
    default: return {statistics.EncodeMin(), statistics.EncodeMax()};
  }
}

}  // namespace

void ab_free(void *pointer) { std::free(pointer); }

ab_status ab_summary_of(const char *path, ab_summary **summary, char **message) {
  auto made = static_cast<ab_summary *>(std::calloc(1, sizeof(ab_summary)));
  if (made == nullptr) return failed(ab_memory, "out of memory", message);
  const auto status = guarded(message, ab_foreign, [&] {
    auto file = take(arrow::io::ReadableFile::Open(path), ab_io);
    auto magic = take(file->Read(4), ab_io);
    if (magic->size() == 0) throw Failure(ab_empty, "the file is empty");
    const bool parquet = magic->size() == 4 && std::memcmp(magic->data(), "PAR1", 4) == 0;
    parquet ? summarizeParquet(path, *made) : summarizeText(path, *made);
  });
  *summary = status == ab_ok ? made : nullptr;
  if (status != ab_ok) ab_summary_free(made);
  return status;
}

void ab_summary_free(ab_summary *summary) {
  for (int64_t i = 0; summary != nullptr && i < summary->field_count; i++) std::free(summary->fields[i].name);
  if (summary != nullptr) std::free(summary->fields);
  std::free(summary);
}

ab_status ab_row_groups(const ab_file *file, const char *column, ab_row_group **groups, int64_t *count, char **message) {
  *groups = nullptr;
  *count = 0;
  const auto status = guarded(message, ab_foreign, [&] {
    const auto &metadata = file->metadata;
    const int index = leaf(*metadata, positions({{column, ab_text}}, topLevelNames(*metadata))[0]);
    *groups = static_cast<ab_row_group *>(std::calloc(static_cast<size_t>(metadata->num_row_groups()) + 1, sizeof(ab_row_group)));
    if (*groups == nullptr) throw std::bad_alloc();
    *count = metadata->num_row_groups();
    for (int i = 0; i < metadata->num_row_groups(); i++) {
      auto &group = (*groups)[i];
      group.rows = metadata->RowGroup(i)->num_rows();
      if (index < 0) continue;
      auto chunk = metadata->RowGroup(i)->ColumnChunk(index);
      auto statistics = chunk->is_stats_set() ? chunk->statistics() : nullptr;
      if (statistics == nullptr || !statistics->HasMinMax()) continue;
      const auto [min, max] = bounds(*statistics);
      group.min = copied(min);
      group.max = copied(max);
    }
  });
  if (status != ab_ok) {
    ab_row_groups_free(*groups, *count);
    *groups = nullptr;
    *count = 0;
  }
  return status;
}

void ab_row_groups_free(ab_row_group *groups, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    std::free(groups[i].min);
    std::free(groups[i].max);
  }
  std::free(groups);
}

ab_status ab_metadata(const ab_file *file, const char *key, char **value, char **message) {
  *value = nullptr;
  return guarded(message, ab_foreign, [&] {
    auto pairs = file->metadata->key_value_metadata();
    const int at = pairs == nullptr ? -1 : pairs->FindKey(key);
    if (at >= 0) *value = copied(pairs->value(at));
  });
}
