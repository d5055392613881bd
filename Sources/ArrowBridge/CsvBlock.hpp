#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <vector>

#include "Delimited.hpp"
#include "Reader.hpp"

namespace bridge {

/// How the records of a file are read.
struct CsvFormat {
  struct Column {
    int position;
    /// Inferred where null.
    std::shared_ptr<arrow::DataType> type;
  };
  /// Fields in the header.
  int width = 0;
  char delimiter = ',';
  /// Rows of another width are skipped, and text is not checked to be UTF-8.
  bool lenient = false;
  std::vector<Column> columns;
};

struct CsvBlock {
  std::shared_ptr<arrow::RecordBatch> batch;
  /// Rows of another width than the header; `record` counts from the block's first.
  std::vector<ab_reader::SkippedRow> skipped;
};

/// The asked columns of whole records without a header.
CsvBlock parsed(const DelimitedText::Block &block, const CsvFormat &format);

}  // namespace bridge
