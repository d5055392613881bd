#pragma once

#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "Guard.hpp"

namespace bridge {

/// The names of the top-level columns of a Parquet file.
inline std::vector<std::string> topLevelNames(const parquet::FileMetaData &metadata) {
  std::vector<std::string> names;
  const auto *root = metadata.schema()->group_node();
  for (int i = 0; i < root->field_count(); i++) names.push_back(root->field(i)->name());
  return names;
}

/// The leaf of top-level column `index`, -1 when it is nested.
inline int leaf(const parquet::FileMetaData &metadata, int index) {
  const auto &field = metadata.schema()->group_node()->field(index);
  if (!field->is_primitive() || field->is_repeated()) return -1;
  return metadata.schema()->ColumnIndex(*field);
}

}  // namespace bridge

/// Reads are by place, so that readers of one file do not disturb one another.
struct ab_file {
  explicit ab_file(const char *path)
      : source(bridge::take(arrow::io::ReadableFile::Open(path), ab_io)), metadata(opened(nullptr).raw_reader()->metadata()) {}

  parquet::arrow::FileReaderBuilder builder() const { return opened(metadata); }

  const std::shared_ptr<arrow::io::RandomAccessFile> source;
  const std::shared_ptr<parquet::FileMetaData> metadata;

 private:
  /// Reads pages through a bounded buffer instead of whole column chunks.
  parquet::arrow::FileReaderBuilder opened(const std::shared_ptr<parquet::FileMetaData> &known) const {
    parquet::ReaderProperties properties;
    properties.enable_buffered_stream();
    properties.set_buffer_size(1 << 18);
    parquet::arrow::FileReaderBuilder builder;
    bridge::check(builder.Open(source, properties, known), ab_foreign);
    return builder;
  }
};
