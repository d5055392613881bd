#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ArrowBridge.h"
#include "Keys.hpp"
#include "Values.hpp"

struct ab_batch {
  int64_t rows = 0;
  std::vector<bridge::Values> columns;
};

/// A source of record batches whose column i is the asked column i, in whatever type the file has.
struct ab_reader {
  struct Asked {
    std::string name;
    ab_type type;
    bool isNullable;
    bool isList;
  };
  struct SkippedRow {
    int64_t record;
    int32_t expected;
    int32_t actual;
    std::string text;
  };

  std::vector<Asked> asked;
  std::vector<bridge::Keys> keys;
  std::vector<int64_t> skippedRecords;
  std::vector<SkippedRow> skipped;

  ab_reader(const ab_column *columns, int count);
  virtual ~ab_reader() = default;
  /// At most `rowLimit` rows, converted; null at the end.
  std::unique_ptr<ab_batch> next();

 protected:
  /// The next non-empty batch of the file, null at the end.
  virtual std::shared_ptr<arrow::RecordBatch> read() = 0;

 private:
  std::shared_ptr<arrow::RecordBatch> pending_;
};

namespace bridge {

constexpr int64_t rowLimit = 1 << 17;
constexpr size_t skippedRowsKept = 1'000;

/// Where in `names` each asked column stands; missing and repeated ones fail.
std::vector<int> positions(const std::vector<ab_reader::Asked> &asked, const std::vector<std::string> &names);

}  // namespace bridge
